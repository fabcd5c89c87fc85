"""Which parameters there are, what they may be, and what is computed from them.

validate() collects: every key with its first fault, none hidden behind another's.
"""
import json
import os
import socket

DISCOVERY = ["static", "master_http_loadbalancer"]
BACKENDS = [
    "static",
    "zookeeper",
    "aws_s3",
    "azure",
    "shared_filesystem",
    "agent_only_group_no_exhibitor",
]
MANDATORY = ["bootstrap_url", "cluster_name", "exhibitor_storage_backend", "master_discovery"]
COMPANIONS = {
    "zookeeper": ["exhibitor_zk_hosts", "exhibitor_zk_path"],
    "aws_s3": ["aws_region", "s3_bucket", "s3_prefix", "exhibitor_explicit_keys"],
    "azure": ["exhibitor_azure_account_name", "exhibitor_azure_prefix"],
    "shared_filesystem": ["exhibitor_fs_config_dir"],
}
# What the installer computes itself: setting one is an error, whatever the value.
COMPUTED = [
    "check_config",
    "check_search_path",
    "config_id",
    "custom_check_bins_dir",
    "custom_check_bins_hash",
    "custom_check_bins_package_id",
    "custom_check_bins_package_name",
    "custom_check_bins_provided",
    "dcos_image_commit",
    "dcos_version",
    "exhibitor_static_ensemble",
    "fault_domain_enabled",
    "master_quorum",
    "no_proxy_final",
    "package_ids",
    "provider",
]
BOOLEANS = {
    "adminrouter_tls_1_0_enabled": "false",
    "adminrouter_tls_1_1_enabled": "false",
    "adminrouter_tls_1_2_enabled": "true",
    "auth_cookie_secure_flag": "false",
    "check_time": "true",
    "cluster_docker_credentials_dcos_owned": "true",
    "cluster_docker_credentials_write_to_etc": "false",
    "dcos_l4lb_enable_ipset": "true",
    "dcos_l4lb_enable_ipv6": "true",
    "dcos_net_cluster_identity": "false",
    "dcos_net_rest_enable": "true",
    "dcos_net_watchdog": "true",
    "dcos_overlay_enable": "true",
    "enable_docker_gc": "false",
    "enable_gpu_isolation": "true",
    "enable_ipv6": "true",
    "enable_lb": "true",
    "exhibitor_tls_enabled": "false",
    "exhibitor_tls_required": "false",
    "gpus_are_scarce": "true",
    "log_offers": "true",
    "master_dns_bindall": "true",
    "mesos_dns_set_truncate_bit": "true",
    "mesos_seccomp_enabled": "true",
    "oauth_available": "true",
    "oauth_enabled": "true",
    "telemetry_enabled": "true",
    "use_proxy": "false",
}
DEFAULTS = {
    "bootstrap_tmp_dir": "tmp",
    "dcos_overlay_mtu": "1420",
    "dcos_overlay_config_attempts": "4",
    "dns_bind_ip_blacklist": "[]",
    "dns_forward_zones": "{}",
    "dns_search": "",
    "docker_remove_delay": "1hrs",
    "docker_stop_timeout": "20secs",
    "exhibitor_admin_password": "",
    "gc_delay": "2days",
    "ip_detect_filename": "genconf/ip-detect",
    "ip_detect_public_filename": "",
    "mesos_agent_work_dir": "/var/lib/mesos/slave",
    "mesos_log_retention_mb": "4000",
    "mesos_master_work_dir": "/var/lib/dcos/mesos/master",
    "mesos_recovery_timeout": "24hrs",
    "no_proxy": "",
    "platform": "onprem",
    "resolvers": '["8.8.8.8", "8.8.4.4"]',
    "rexray_config_preset": "",
}


class Fault(Exception):
    """A rule is broken; the message is for the key at hand."""


def one_of(value: str, choices: list):
    if value not in choices:
        quoted = ", ".join(f"'{choice}'" for choice in choices)
        raise Fault(f"Must be one of {quoted}. Got '{value}'.")


def text_list(value: str) -> list:
    try:
        result = json.loads(value)
    except ValueError as error:
        raise Fault(
            "Must be a JSON formatted list, but couldn't parse the given value "
            f"`{value}` as one because of: {error}"
        ) from None
    if not isinstance(result, list):
        raise Fault(f"Must be a JSON list. Got a {type(result).__name__}")
    for item in result:
        if not isinstance(item, str):
            raise Fault(f"Items must be a string. Got a {type(item).__name__}: {item}")
    return result


def is_ipv4(text: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return False
    return True


def ipv4_list(value: str, with_port: bool = False) -> list:
    items = text_list(value)
    for item in items:
        if items.count(item) > 1:
            raise Fault(f"List cannot contain duplicates: {item} appears {items.count(item)} times")
    bad = []
    for item in items:
        address, colon, port = item.partition(":") if with_port else (item, "", "")
        if not is_ipv4(address) or (colon and not (port.isdigit() and 1 <= int(port) <= 65535)):
            bad.append(item)
    if bad:
        raise Fault(f"Invalid IPv4 addresses in list: {', '.join(bad)}")
    return items


def integer(value: str, low: int, high: int):
    if not value.lstrip("-").isdigit():
        raise Fault(f"Must be an integer but got a string: {value}")
    if not low <= int(value) <= high:
        raise Fault(f"Must be between {low} and {high} inclusive. Got {value}")


def url(value: str):
    if len(value) <= 1:
        raise Fault("Should be a url (http://example.com/bar or file:///path/to/local/cache)")
    if value.endswith("/"):
        raise Fault("Must not end in a '/'")


def dns_search(value: str):
    if "\n" in value:
        raise Fault("Newlines are not allowed")
    if "," in value:
        raise Fault("Commas are not allowed")
    if len(value) >= 256:
        raise Fault("Must be less than 256 characters long")
    if len(value.split()) > 6:
        raise Fault("Must contain no more than 6 domains")


def absolute(value: str):
    if not value.startswith("/"):
        raise Fault("Must be an absolute filesystem path starting with /")


def forward_zones(value: str):
    try:
        zones = json.loads(value)
    except ValueError as error:
        raise Fault(f"Must be a JSON formatted map: {error}") from None
    if not isinstance(zones, dict):
        raise Fault("Must be a map of zones to lists of addresses")
    for addresses in zones.values():
        ipv4_list(json.dumps(addresses), with_port=True)


RULES = {
    "bootstrap_url": url,
    "master_discovery": lambda v: one_of(v, DISCOVERY),
    "exhibitor_storage_backend": lambda v: one_of(v, BACKENDS),
    "master_list": ipv4_list,
    "resolvers": lambda v: ipv4_list(v, with_port=True),
    "dns_bind_ip_blacklist": ipv4_list,
    "dns_search": dns_search,
    "dns_forward_zones": forward_zones,
    "dcos_overlay_mtu": lambda v: integer(v, 552, 65535),
    "dcos_overlay_config_attempts": lambda v: integer(v, 0, 10),
    "mesos_log_retention_mb": lambda v: integer(v, 1024, 1 << 40),
    "mesos_agent_work_dir": absolute,
    "mesos_master_work_dir": absolute,
    "exhibitor_zk_path": absolute,
}


class Check:
    def __init__(self, arguments: dict):
        self.given = arguments
        self.errors = {}
        self.values = {**DEFAULTS, **BOOLEANS, **arguments}

    def fault(self, key: str, message: str):
        self.errors.setdefault(key, message)

    def need(self, key: str) -> bool:
        if key not in self.given:
            self.fault(key, f"Must set {key}, no way to calculate value.")
        return key in self.given

    def refuse(self, key: str):
        if key in self.given:
            self.fault(
                key,
                f"{key} must be calculated, but was explicitly set in the configuration. "
                "Remove it from the configuration.",
            )

    def rule(self, key: str, rule):
        if key in self.values and key not in self.errors:
            try:
                rule(self.values[key])
            except Fault as fault:
                self.fault(key, str(fault))


def masters(check: Check):
    discovery = check.given.get("master_discovery")
    backend = check.given.get("exhibitor_storage_backend")
    if discovery == "master_http_loadbalancer":
        check.need("exhibitor_address")
        if check.need("num_masters"):
            count_masters(check, check.given["num_masters"])
        if backend == "static":
            for key in ("master_discovery", "exhibitor_storage_backend"):
                check.fault(
                    key,
                    "When master_discovery is not static, exhibitor_storage_backend must be "
                    "non-static. Having a variable list of master which are discovered by "
                    "agents using the master_discovery method but also having a fixed "
                    "known at install time static list of master ips doesn't work.",
                )
    elif discovery == "static":
        check.refuse("num_masters")
        if check.need("master_list") and "master_list" not in check.errors:
            count_masters(check, str(len(text_list(check.values["master_list"]))))
    for companion in COMPANIONS.get(backend, []):
        check.need(companion)


def count_masters(check: Check, found: str):
    check.values["num_masters"] = found
    if found not in ("1", "3", "5", "7", "9"):
        check.fault("num_masters", f"Must have 1, 3, 5, 7, or 9 masters. Found {found}")


def proxy(check: Check):
    if check.values["use_proxy"] != "true":
        return
    check.need("http_proxy")
    check.need("https_proxy")
    try:
        text_list(check.values["no_proxy"])
    except Fault as fault:
        check.fault("no_proxy_final", str(fault))


def ipv6(check: Check):
    if (check.values["enable_ipv6"], check.values["dcos_l4lb_enable_ipv6"]) == ("false", "true"):
        message = "When enable_ipv6 is false, dcos_l4lb_enable_ipv6 must be false too."
        check.fault("enable_ipv6", message)
        check.fault("dcos_l4lb_enable_ipv6", message)


def tls(check: Check):
    keys = [f"adminrouter_tls_1_{minor}_enabled" for minor in (0, 1, 2)]
    if all(check.values[key] == "false" for key in keys):
        for key in keys:
            check.fault(
                key,
                "At least one of adminrouter_tls_1_0_enabled, "
                "adminrouter_tls_1_1_enabled and adminrouter_tls_1_2_enabled "
                "must be set to 'true'.",
            )


def scripts(check: Check):
    name = check.values["ip_detect_filename"]
    if not os.path.isfile(name):
        check.fault("ip_detect_contents", f"ip-detect script `{name}` must exist")
    name = check.values["ip_detect_public_filename"]
    if name and not os.path.isfile(name):
        check.fault("ip_detect_public_contents", f"ip-detect-public script `{name}` must exist")


def own_limits(check: Check):
    """What the real one has and this one has not: said at once, not found out on the nodes."""
    if check.given.get("exhibitor_storage_backend") in BACKENDS[1:] and not check.errors:
        check.fault("exhibitor_storage_backend", "the practice release only has 'static'")


def static_ensemble(master_list: list) -> str:
    """ZooKeeper's ids follow the order of the addresses as text, not as numbers."""
    return ",".join(f"{n}:{ip}" for n, ip in enumerate(sorted(master_list), 1))


def validate(arguments: dict):
    """(errors, expanded): messages by key; all values, defaults and computed ones too, as text."""
    check = Check(arguments)
    for key in MANDATORY:
        check.need(key)
    for key in COMPUTED:
        check.refuse(key)
    for key in BOOLEANS:
        check.rule(key, lambda value: one_of(value, ["true", "false"]))
    for key, rule in RULES.items():
        check.rule(key, rule)
    for together in (masters, proxy, ipv6, tls, scripts, own_limits):
        together(check)
    if check.errors:
        return check.errors, {}
    expanded = dict(sorted(check.values.items()))
    master_list = text_list(expanded["master_list"])
    expanded["exhibitor_static_ensemble"] = static_ensemble(master_list)
    expanded["master_quorum"] = str(len(master_list) // 2 + 1)
    return {}, expanded
