"""GetRandomPassword.

AWS facts (its API reference): 32 characters unless another length is given, of every kind that isn't excluded, at least
one of each unless RequireEachIncludedType is false. That InvalidParameterException answers where nothing is left is
assumed: the reference lists it and does not say for what.
"""

from __future__ import annotations

import secrets
import string

from localcloud.server.call import HOOKS, Call, Params, Refusal

DEFAULT_LENGTH = 32
KINDS = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeUppercase": string.ascii_uppercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
}


@HOOKS.instead("secretsmanager", "GetRandomPassword")
def get_random_password(call: Call) -> Params:
    params = call.params
    length, each = int(params.get("PasswordLength", DEFAULT_LENGTH)), params.get("RequireEachIncludedType", True)
    kinds = [letters for name, letters in KINDS.items() if not params.get(name)]
    kinds += [" "] if params.get("IncludeSpace") else []
    excluded = params.get("ExcludeCharacters", "")
    usable = ["".join(letter for letter in kind if letter not in excluded) for kind in kinds]
    if not any(usable) or (each and not all(usable)):
        raise Refusal("InvalidParameterException", "No character is left of a kind that the password must have.")
    if each and length < len(usable):
        text = f"The password length {length} is less than the number of required kinds, {len(usable)}."
        raise Refusal("InvalidParameterException", text)
    letters = [secrets.choice(kind) for kind in usable] if each else []
    letters += [secrets.choice("".join(usable)) for _ in range(length - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return {"RandomPassword": "".join(letters)}
