"""What a tenant demands of all its campaigns, on the wire."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from service.kit.text import Flag, Slug, Wire, refused

K = Annotated[int, Field(strict=True, ge=5, le=10_000)]
K_FINE = Annotated[int, Field(strict=True, ge=10, le=10_000)]


class LeastPolicy(Wire):
    """Thresholds that no campaign may go below; what is absent stays with the product's floor."""

    k_mean: K | None = None
    k_distribution: K_FINE | None = None
    k_sensitive: K_FINE | None = None
    k_comment: K_FINE | None = None
    collusion: Annotated[int | None, Field(strict=True, ge=0, le=1000)] = None


class Burden(Wire):
    """Nobody is invited more often than so many times in so many days, by all campaigns together."""

    most: Annotated[int, Field(strict=True, ge=1, le=366)]
    days: Annotated[int, Field(strict=True, ge=1, le=366)]


MOST_LEVELS = 8
MOST_ORIGINS = 20
# Over plain HTTP, whoever sits in between reads the codes; on one's own machine there is nobody.
_ORIGIN = r"^(https://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|http://(localhost|127\.0\.0\.1))(:[1-9][0-9]{0,4})?$"
Origin = Annotated[str, Field(pattern=_ORIGIN, max_length=270)]


def _shallow(value: Any) -> Any:
    """A set of keys is a list of objects: whatever is nested much deeper is none."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [inner for outer in level if isinstance(outer, dict | list)
                 for inner in (outer.values() if isinstance(outer, dict) else outer)]  # fmt: skip
    if level:
        raise refused("is nested too deep")
    return value


class SignInIn(Wire):
    """The company's sign-in: ID tokens of this issuer, for this audience, signed by one of these keys."""

    issuer: Annotated[str, Field(min_length=1, max_length=500)]
    audience: Annotated[str, Field(min_length=1, max_length=500)]
    claim: Annotated[str, Field(min_length=1, max_length=200, description="holds a person's external id")]
    source: Slug = "hris"
    jwks: Annotated[
        dict[str, Any],
        BeforeValidator(_shallow),
        Field(description="public keys only; put the new set here when they change"),
    ]


class Rules(Wire):
    """The whole of it; what is absent is not demanded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "policy": {"k_mean": 8},
                    "burden": {"most": 6, "days": 30},
                    "second_approval": True,
                    "origins": ["https://intranet.example"],
                }
            ]
        }
    )

    policy: LeastPolicy = LeastPolicy()
    burden: Burden | None = None
    second_approval: Flag = False
    sign_in: SignInIn | None = None
    origins: Annotated[
        tuple[Origin, ...],
        Field(
            max_length=MOST_ORIGINS,
            description="pages that may show surveys and results, in a frame or by the elements of "
            "`/widget/{name}.js`: scheme, host and port as a browser writes them, no port where it is the scheme's own",
        ),
    ] = ()
