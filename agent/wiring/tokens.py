"""Who checks the API's tokens, and what they must say, from the settings."""

from agent.api.tokens import JwksVerifier, SecretVerifier, TokenRules, Verifier
from agent.errors import SettingsError
from agent.settings import Settings


def build_verifier(settings: Settings) -> Verifier:
    """Who checks tokens. Raises SettingsError: no key, a weak one, or two kinds at once."""
    rules = token_rules(settings)
    match settings.api_jwt_secret, settings.api_jwks_url:
        case str(secret), None:
            return SecretVerifier(secret, rules)
        case None, str(url):
            local = url.startswith(("http://127.0.0.1:", "http://localhost:"))
            if not url.startswith("https://") and not local:
                raise SettingsError("API_JWKS_URL must be https: keys are believed as they come")
            return JwksVerifier(url, rules)
        case None, None:
            raise SettingsError(
                "API_JWT_SECRET or API_JWKS_URL not set: `openssl rand -base64 48` makes a secret"
            )
    raise SettingsError("API_JWT_SECRET and API_JWKS_URL are both set: keep one of them")


def token_rules(settings: Settings) -> TokenRules:
    """What tokens must say."""
    return TokenRules(settings.api_jwt_audience, settings.api_jwt_issuer)
