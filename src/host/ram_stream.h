// QEMU's migration stream, as far as leaving zero pages out of it needs it. A stopped guest's saved
// memory has a record for each of its pages, also for those that it never wrote; whoever loads the
// stream reads each such page to see that it is zero, which for 8 GiB is two million reads that
// the memory of a new process need not have.
//
// Layout, big endian (QEMU 7.2 migration/savevm.c, ram.c): u32 `QEVM`, u32 version 3; section 0x07
// (u32 length, machine's name); sections 0x01 start, 0x02 part, 0x03 end: u32 id, at the start
// also u8 length and name, u32 instance, u32 version; then what the section has; footer 0x7e, u32
// id. Section `ram` has u64 words, flags in their low 12 bits: 0x04 size of all blocks, followed by
// u8 length, name and u64 length of each; 0x10 end of a section; 0x02 zero page, followed by one
// byte; 0x08 page, followed by its bytes; with these two the upper bits are the page's offset in
// its block, whose u8 length and name come next unless flag 0x20 says that it is the block of the
// page before. The stream's devices follow `ram`.
#pragma once

#include <istream>
#include <ostream>

namespace vmlab {

/// Copies a stream from where `from` stands to its end, without the zero pages of the guest's main
/// memory above its first MiB, where a firmware may have been put. False when anything in the
/// stream is not as above, or it is torn before its devices: what was written is then of no use.
bool copy_without_zero_pages(std::istream& from, std::ostream& to);

}  // namespace vmlab
