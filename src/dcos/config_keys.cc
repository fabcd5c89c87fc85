#include "dcos/config_keys.h"

#include <algorithm>

namespace vmlab {
namespace {

constexpr long any = 1000000000;

// Source: the `entry` tables of gen/calc.py and onprem_source of gen/build_deploy/bash.py.
constexpr KeyRule rules[] = {
    {"adminrouter_auth_enabled", KeyKind::computed},
    {"adminrouter_tls_1_0_enabled", KeyKind::boolean},
    {"adminrouter_tls_1_1_enabled", KeyKind::boolean},
    {"adminrouter_tls_1_2_enabled", KeyKind::boolean},
    {"adminrouter_tls_cipher_suite", KeyKind::text},
    {"adminrouter_x_frame_options", KeyKind::text},
    {"agent_list", KeyKind::ignored},
    {"auth_cookie_secure_flag", KeyKind::boolean},
    {"aws_access_key_id", KeyKind::text},
    {"aws_region", KeyKind::text},
    {"aws_secret_access_key", KeyKind::text},
    {"bootstrap_id", KeyKind::computed},
    {"bootstrap_tmp_dir", KeyKind::text},
    {"bootstrap_url", KeyKind::text},
    {"calico_enabled", KeyKind::boolean},
    {"calico_ipinip_mtu", KeyKind::integer, 552, 65535},
    {"calico_network_cidr", KeyKind::cidr},
    {"calico_veth_mtu", KeyKind::integer, 552, 65535},
    {"calico_vxlan_enabled", KeyKind::boolean},
    {"calico_vxlan_mtu", KeyKind::integer, 552, 65535},
    {"calico_vxlan_port", KeyKind::integer, 1025, 65535},
    {"calico_vxlan_vni", KeyKind::integer, 1, 16777215},
    {"check_time", KeyKind::boolean},
    {"cluster_docker_credentials", KeyKind::map},
    {"cluster_docker_credentials_dcos_owned", KeyKind::boolean},
    {"cluster_docker_credentials_enabled", KeyKind::boolean},
    {"cluster_docker_credentials_write_to_etc", KeyKind::boolean},
    {"cluster_docker_registry_url", KeyKind::text},
    {"cluster_name", KeyKind::text},
    {"custom_checks", KeyKind::map},
    {"customer_key", KeyKind::enterprise},
    {"dcos_dns_push_ops_timeout", KeyKind::integer, 50, 120000},
    {"dcos_l4lb_enable_ipset", KeyKind::boolean},
    {"dcos_l4lb_enable_ipv6", KeyKind::boolean},
    {"dcos_l4lb_max_named_ip", KeyKind::ipv4},
    {"dcos_l4lb_max_named_ip6", KeyKind::text},
    {"dcos_l4lb_min_named_ip", KeyKind::ipv4},
    {"dcos_l4lb_min_named_ip6", KeyKind::text},
    {"dcos_net_cluster_identity", KeyKind::boolean},
    {"dcos_net_push_ops_timeout", KeyKind::integer, 50, 120000},
    {"dcos_net_rest_enable", KeyKind::boolean},
    {"dcos_net_watchdog", KeyKind::boolean},
    {"dcos_overlay_config_attempts", KeyKind::integer, 0, 10},
    {"dcos_overlay_enable", KeyKind::boolean},
    {"dcos_overlay_mtu", KeyKind::integer, 552, 65535},
    {"dcos_overlay_network", KeyKind::map},
    {"dcos_overlay_network_default_name", KeyKind::text},
    {"dcos_ucr_default_bridge_subnet", KeyKind::cidr},
    {"dcos_version", KeyKind::computed},
    {"dns_bind_ip_blacklist", KeyKind::ipv4_list},
    {"dns_bind_ip_reserved", KeyKind::ipv4_list},
    {"dns_forward_zones", KeyKind::map},
    {"dns_search", KeyKind::text},
    {"docker_remove_delay", KeyKind::duration},
    {"docker_stop_timeout", KeyKind::duration},
    {"enable_docker_gc", KeyKind::boolean},
    {"enable_gpu_isolation", KeyKind::boolean},
    {"enable_ipv6", KeyKind::boolean},
    {"enable_lb", KeyKind::boolean},
    {"exhibitor_address", KeyKind::text},
    {"exhibitor_admin_password", KeyKind::text},
    {"exhibitor_azure_account_key", KeyKind::text},
    {"exhibitor_azure_account_name", KeyKind::text},
    {"exhibitor_azure_prefix", KeyKind::text},
    {"exhibitor_bootstrap_ca_url", KeyKind::text},
    {"exhibitor_explicit_keys", KeyKind::boolean},
    {"exhibitor_fs_config_dir", KeyKind::text},
    {"exhibitor_static_ensemble", KeyKind::computed},
    {"exhibitor_storage_backend", KeyKind::choice, 0, 0,
     "static|zookeeper|aws_s3|azure|shared_filesystem|agent_only_group_no_exhibitor"},
    {"exhibitor_tls_enabled", KeyKind::boolean},
    {"exhibitor_tls_required", KeyKind::boolean},
    {"exhibitor_zk_hosts", KeyKind::text},
    {"exhibitor_zk_path", KeyKind::text},
    {"fault_domain_detect_filename", KeyKind::text},
    {"fault_domain_enabled", KeyKind::computed},
    {"gc_delay", KeyKind::duration},
    {"gpus_are_scarce", KeyKind::boolean},
    {"http_proxy", KeyKind::text},
    {"https_proxy", KeyKind::text},
    {"ip6_detect_filename", KeyKind::text},
    {"ip_detect_contents", KeyKind::text},
    {"ip_detect_filename", KeyKind::text},
    {"ip_detect_public_filename", KeyKind::text},
    {"license_key_contents", KeyKind::enterprise},
    {"log_directory", KeyKind::ignored},
    {"log_offers", KeyKind::boolean},
    {"master_discovery", KeyKind::choice, 0, 0, "static|master_http_loadbalancer"},
    {"master_dns_bindall", KeyKind::boolean},
    {"master_external_loadbalancer", KeyKind::text},
    {"master_list", KeyKind::ipv4_list},
    {"master_quorum", KeyKind::computed},
    {"mesos_agent_work_dir", KeyKind::path},
    {"mesos_container_log_sink", KeyKind::text},
    {"mesos_dns_ip_sources", KeyKind::text_list},
    {"mesos_dns_set_truncate_bit", KeyKind::boolean},
    {"mesos_log_retention_mb", KeyKind::integer, 1024, any},
    {"mesos_master_work_dir", KeyKind::path},
    {"mesos_max_completed_tasks_per_framework", KeyKind::integer_or_empty, 0, any},
    {"mesos_recovery_timeout", KeyKind::duration},
    {"mesos_seccomp_enabled", KeyKind::boolean},
    {"mesos_seccomp_profile_name", KeyKind::text},
    {"no_proxy", KeyKind::text_list},
    {"no_proxy_final", KeyKind::computed},
    {"num_masters", KeyKind::integer, 1, 9},
    {"oauth_auth_host", KeyKind::text},
    {"oauth_auth_redirector", KeyKind::text},
    {"oauth_available", KeyKind::boolean},
    {"oauth_client_id", KeyKind::text},
    {"oauth_enabled", KeyKind::boolean},
    {"oauth_issuer_url", KeyKind::text},
    {"platform", KeyKind::text},
    {"process_timeout", KeyKind::ignored},
    {"public_agent_list", KeyKind::ignored},
    {"resolvers", KeyKind::resolvers},
    {"rexray_config", KeyKind::map},
    {"rexray_config_preset", KeyKind::choice, 0, 0, "|aws"},
    {"s3_bucket", KeyKind::text},
    {"s3_prefix", KeyKind::text},
    {"security", KeyKind::enterprise},
    {"ssh_key_path", KeyKind::ignored},
    {"ssh_parallelism", KeyKind::ignored},
    {"ssh_port", KeyKind::ignored},
    {"ssh_user", KeyKind::ignored},
    {"superuser_password_hash", KeyKind::enterprise},
    {"superuser_service_account_public_key", KeyKind::text},
    {"superuser_service_account_uid", KeyKind::text},
    {"superuser_username", KeyKind::enterprise},
    {"telemetry_enabled", KeyKind::boolean},
    {"ui_banner", KeyKind::boolean},
    {"ui_banner_background_color", KeyKind::text},
    {"ui_banner_dismissible", KeyKind::text},
    {"ui_banner_footer_content", KeyKind::text},
    {"ui_banner_foreground_color", KeyKind::text},
    {"ui_banner_header_content", KeyKind::text},
    {"ui_banner_header_title", KeyKind::text},
    {"ui_banner_image_path", KeyKind::text},
    {"ui_branding", KeyKind::computed},
    {"ui_external_links", KeyKind::computed},
    {"ui_networking", KeyKind::computed},
    {"ui_organization", KeyKind::computed},
    {"ui_telemetry_metadata", KeyKind::text},
    {"use_proxy", KeyKind::boolean},
    {"weights", KeyKind::text},
    {"zk_agent_credentials", KeyKind::enterprise},
    {"zk_master_credentials", KeyKind::enterprise},
    {"zk_super_credentials", KeyKind::enterprise},
};

static_assert(std::ranges::is_sorted(rules, {}, &KeyRule::name));

}  // namespace

std::span<const KeyRule> config_keys() {
  return rules;
}

const KeyRule* find_config_key(std::string_view name) {
  const auto found = std::ranges::lower_bound(rules, name, {}, &KeyRule::name);
  return found != std::end(rules) && found->name == name ? &*found : nullptr;
}

std::vector<std::string> settable_config_keys() {
  std::vector<std::string> names;
  for (const auto& rule : rules) {
    if (rule.kind != KeyKind::computed && rule.kind != KeyKind::ignored &&
        rule.kind != KeyKind::enterprise) {
      names.emplace_back(rule.name);
    }
  }
  return names;
}

}  // namespace vmlab
