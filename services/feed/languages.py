"""Languages whose words Postgres can bring to their stems."""

_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}


def stemmer_of(accepted: str | None) -> str | None:
    """Return the name of Postgres's stemmer for the first language of an Accept-Language header that has one."""
    for part in (accepted or "").split(","):
        language = part.partition(";")[0].strip().lower().partition("-")[0]
        if language in _STEMMERS:
            return f"{_STEMMERS[language]}_stem"
    return None
