"""Loads config.yaml into what the rules work on: a map of strings."""
import json

import yaml

CONFIG_PATH = "genconf/config.yaml"


class BadFile(Exception):
    pass


def as_text(value) -> str:
    """YAML booleans and numbers as `true`, `false`, digits; lists and maps as JSON. Nothing else
    is a value: an unset one and a fraction end the installer with a bare exception."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, sort_keys=True)
    raise Exception()


def load(path: str) -> dict:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadFile(f"Invalid YAML in {path}: {error}") from None
    if not isinstance(content, dict):
        raise NotImplementedError(f"{path} must hold a map of parameters")
    return {str(key): as_text(value) for key, value in content.items()}
