"""The inner command line: options, messages and exit codes of the 2.0 generation."""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

ARTIFACTS = os.environ.get("PRACTICE_ARTIFACTS", "/artifacts")
HEADER, ERROR, NORMAL = "\033[33m", "\033[1;31m", "\033[0m"


def say(text: str):
    print(text, file=sys.stderr, flush=True)


def say_header(text: str):
    say(f"{HEADER}====> {text}{NORMAL}")


def say_errors(errors: dict):
    for key, message in errors.items():
        say(f"{ERROR}{key}: {message}{NORMAL}")


def parse(argv: list) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dcos_installer", description="DC/OS Installer (practice release)"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="Verbose log output (DEBUG).")
    parser.add_argument("-p", "--port", type=int, default=9000, help=argparse.SUPPRESS)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--hash-password",
        metavar="password",
        nargs="?",
        const=None,
        default=False,
        help="Hash a password and print it.",
    )
    mode.add_argument(
        "--generate-node-upgrade-script",
        metavar="installed_cluster_version",
        nargs="?",
        const="",
        help="Generate the script that upgrades one node.",
    )
    mode.add_argument(
        "--genconf",
        action="store_true",
        help="Execute the configuration generation (genconf). The default.",
    )
    for name in ("web", "aws-cloudformation", "version"):
        mode.add_argument(f"--{name}", action="store_true")
    return parser.parse_args(argv)


def load_release() -> dict:
    with open(f"{ARTIFACTS}/release.json", encoding="utf-8") as file:
        return json.load(file)


def load_config():
    """The configuration as strings, or None after a message on standard output."""
    from config import CONFIG_PATH, BadFile, load

    try:
        return load(CONFIG_PATH)
    except FileNotFoundError:
        print(
            f"No config file found at {CONFIG_PATH}. See the DC/OS documentation for the available "
            "configuration options."
        )
    except BadFile as error:
        print(f"Unable to load configuration file. {error}")
    return None


def generate(arguments: dict, release: dict) -> bool:
    from rules import validate

    say("Generating configuration files...")
    errors, expanded = validate(arguments)
    if errors:
        say_errors(errors)
        return False
    from serve import write_serve

    print("[WARN] Exhibitor security is not part of this release")
    print("[INFO] not bootstrapping exhibitor CA")
    print("Generating Bash configuration files for DC/OS", flush=True)
    write_serve(ARTIFACTS, "genconf", arguments, expanded, release)
    return True


def hash_password(password) -> int:
    import warnings

    warnings.simplefilter("ignore")
    import crypt

    if password is None:
        import getpass

        password = getpass.getpass("Password: ")
    import random

    alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    salt = "".join(random.SystemRandom().choice(alphabet) for _ in range(16))
    say_header("HASHING PASSWORD TO SHA512")
    print(crypt.crypt(password, f"$6$rounds=656000${salt}"))
    return 0


def upgrade_script(installed_version: str, release: dict) -> int:
    if not installed_version:
        print("Must provide the version of the cluster upgrading from")
        return 1
    say_header("EXECUTING CONFIGURATION GENERATION")
    arguments = load_config()
    if arguments is None or not generate(arguments, release):
        return 1
    from serve import write_upgrade

    print(
        "Node upgrade script URL: "
        + write_upgrade("genconf", arguments, installed_version, release)
    )
    return 0


def main(argv: list) -> int:
    args = parse(argv)
    os.umask(0o022)
    if args.hash_password is not False:
        return hash_password(args.hash_password)
    if args.web or args.aws_cloudformation:
        say(f"{ERROR}--{'web' if args.web else 'aws-cloudformation'} is not supported.{NORMAL}")
        return 1
    release = load_release()
    if args.version:
        print(
            json.dumps(
                {"variant": release["variant"], "version": release["version"]},
                indent=2,
                sort_keys=True,
            )
        )
        return 0
    if args.generate_node_upgrade_script is not None:
        return upgrade_script(args.generate_node_upgrade_script, release)
    say_header("EXECUTING CONFIGURATION GENERATION")
    arguments = load_config()
    return 0 if arguments is not None and generate(arguments, release) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
