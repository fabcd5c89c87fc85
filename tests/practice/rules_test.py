#!/usr/bin/python3
"""The rules of genconf, and what depends on nothing but its source. rules_test.py SOURCE"""
import os
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(sys.argv.pop(1)).resolve()
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "genconf"))
sys.path.insert(1, str(SOURCE / "node/practice/lib"))
import rules  # noqa: E402
from practice import diagnostics, exhibitor, zk  # noqa: E402

GOOD = {
    "bootstrap_url": "http://192.168.90.10:8080",
    "cluster_name": "Lab",
    "master_discovery": "static",
    "exhibitor_storage_backend": "static",
    "master_list": '["192.168.90.11"]',
}


class RulesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        Path("genconf").mkdir()
        Path("genconf/ip-detect").write_text("#!/bin/sh\necho 192.168.90.11\n")

    def errors(self, **changes):
        arguments = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
        return rules.validate(arguments)[0]

    def test_good(self):
        errors, expanded = rules.validate(GOOD)
        self.assertEqual(errors, {})
        self.assertEqual((expanded["num_masters"], expanded["master_quorum"]), ("1", "1"))
        self.assertEqual(expanded["check_time"], "true")

    def test_nothing_set(self):
        errors = rules.validate({})[0]
        self.assertEqual(
            errors,
            {
                key: f"Must set {key}, no way to calculate value."
                for key in (
                    "bootstrap_url",
                    "cluster_name",
                    "exhibitor_storage_backend",
                    "master_discovery",
                )
            },
        )

    def test_master_list(self):
        self.assertEqual(
            self.errors(master_list=None),
            {"master_list": "Must set master_list, no way to calculate value."},
        )
        self.assertEqual(
            self.errors(master_list='["10.0.0.1", "10.0.0.2"]'),
            {"num_masters": "Must have 1, 3, 5, 7, or 9 masters. Found 2"},
        )
        self.assertEqual(
            self.errors(master_list='["10.0.0.1", "10.0.0.1", "10.0.0.2"]'),
            {"master_list": "List cannot contain duplicates: 10.0.0.1 appears 2 times"},
        )
        self.assertEqual(
            self.errors(master_list='["master-1", "10.0.0.300", "10.0.0.2"]'),
            {"master_list": "Invalid IPv4 addresses in list: master-1, 10.0.0.300"},
        )
        self.assertIn(
            "couldn't parse the given value", self.errors(master_list="10.0.0.1")["master_list"]
        )

    def test_computed(self):
        for key, value in (("num_masters", "3"), ("fault_domain_enabled", "false")):
            self.assertEqual(
                self.errors(**{key: value}),
                {
                    key: (
                        f"{key} must be calculated, but was explicitly set in the configuration. "
                        "Remove it from the configuration."
                    )
                },
            )

    def test_booleans(self):
        self.assertEqual(
            self.errors(oauth_enabled="False"),
            {"oauth_enabled": "Must be one of 'true', 'false'. Got 'False'."},
        )

    def test_one_of(self):
        self.assertIn(
            "Must be one of 'static'", self.errors(master_discovery="vrrp")["master_discovery"]
        )

    def test_resolvers(self):
        self.assertEqual(self.errors(resolvers='["192.168.90.1", "10.0.0.1:5353"]'), {})
        self.assertEqual(self.errors(resolvers="[]"), {})
        self.assertIn("resolvers", self.errors(resolvers='["10.0.0.1:0"]'))

    def test_dns_search(self):
        for bad in ("a.b,c.d", "a\nb", "x" * 256, "a b c d e f g"):
            self.assertIn("dns_search", self.errors(dns_search=bad), bad)
        self.assertEqual(self.errors(dns_search="a b c d e f"), {})

    def test_url(self):
        self.assertEqual(self.errors(bootstrap_url="xx"), {})
        self.assertIn("bootstrap_url", self.errors(bootstrap_url="http://x/"))
        self.assertIn("Should be a url", self.errors(bootstrap_url="x")["bootstrap_url"])

    def test_load_balancer_excludes_static(self):
        errors = self.errors(
            master_discovery="master_http_loadbalancer",
            num_masters="3",
            exhibitor_address="10.0.0.1",
        )
        self.assertEqual(set(errors), {"master_discovery", "exhibitor_storage_backend"})

    def test_companions(self):
        self.assertEqual(
            set(self.errors(exhibitor_storage_backend="zookeeper")),
            {"exhibitor_zk_hosts", "exhibitor_zk_path"},
        )
        self.assertEqual(
            self.errors(
                exhibitor_storage_backend="shared_filesystem", exhibitor_fs_config_dir="/x"
            ),
            {"exhibitor_storage_backend": "the practice release only has 'static'"},
        )

    def test_proxy(self):
        self.assertEqual(
            set(self.errors(use_proxy="true")), {"http_proxy", "https_proxy", "no_proxy_final"}
        )
        self.assertEqual(
            self.errors(
                use_proxy="true", http_proxy="http://p", https_proxy="http://p", no_proxy='["x"]'
            ),
            {},
        )

    def test_pairs(self):
        self.assertEqual(
            set(self.errors(enable_ipv6="false")), {"enable_ipv6", "dcos_l4lb_enable_ipv6"}
        )
        self.assertEqual(len(self.errors(adminrouter_tls_1_2_enabled="false")), 3)

    def test_ip_detect_must_exist(self):
        Path("genconf/ip-detect").unlink()
        self.assertEqual(
            self.errors(), {"ip_detect_contents": "ip-detect script `genconf/ip-detect` must exist"}
        )

    def test_every_fault_at_once(self):
        self.assertEqual(
            set(self.errors(check_time="maybe", dcos_overlay_mtu="5", cluster_name=None)),
            {"check_time", "dcos_overlay_mtu", "cluster_name"},
        )

    def test_unknown_keys_pass(self):
        self.assertEqual(self.errors(agent_list='["x"]', clutser_name="typo"), {})

    def test_ensemble_ids_follow_text_order(self):
        self.assertEqual(
            rules.static_ensemble(["192.168.122.9", "192.168.122.11", "192.168.122.100"]),
            "1:192.168.122.100,2:192.168.122.11,3:192.168.122.9",
        )


class NodeTest(unittest.TestCase):
    def test_lowest_number_leads(self):
        self.assertEqual(
            zk.leader_node(["json.info_0000000012", "json.info_0000000003", "agents"]),
            "json.info_0000000003",
        )
        self.assertIsNone(zk.leader_node(["agents"]))

    def test_ensemble(self):
        os.environ["EXHIBITOR_STATICENSEMBLE"] = "1:10.0.0.1,2:10.0.0.2"
        self.assertEqual(exhibitor.ensemble(), {1: "10.0.0.1", 2: "10.0.0.2"})

    def test_units(self):
        text = (
            "Id=a.service\nLoadState=loaded\nActiveState=active\nSubState=running\n"
            "ExecMainStatus=0\n\n"
            "Id=b.service\nLoadState=loaded\nActiveState=activating\nSubState=auto-restart\n"
            "ExecMainStatus=0\nNRestarts=7\n\n"
            "Id=c.service\nLoadState=loaded\nActiveState=active\nSubState=running\n"
            "ExecMainStatus=1\n"
        )
        verdicts = [diagnostics.judge(unit) for unit in diagnostics.parse_units(text)]
        self.assertEqual([health for health, _ in verdicts], [0, 1, 1])
        self.assertEqual(verdicts[1][1], "b.service is restarting (7 restarts)")


if __name__ == "__main__":
    unittest.main()
