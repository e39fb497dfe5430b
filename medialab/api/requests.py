"""The bodies and the queries of requests, and the answers, as models that OpenAPI describes."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from medialab.config.pipeline import PipelineConfig

MOST_LISTED = 500  # pictures or jobs in one answer
MOST_WAITED = 600.0  # seconds for which one request waits
Order = Literal["newest", "oldest", "stars", "name", "prompt", "model", "seed", "size"]


class Asked(BaseModel):
    """A body or a query; a name that it does not have is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PictureRequest(Asked):
    """A picture to store."""

    image: str = Field(description="A PNG, JPEG or WebP file in base64.")


class EnhanceRequest(Asked):
    """A picture to edit, as `image` or as `path`, and the settings."""

    image: str | None = Field(None, description="A PNG, JPEG or WebP file in base64.")
    path: str | None = Field(None, description="A picture in outputs/, as `file` names it.")
    config: PipelineConfig | None = Field(
        None,
        description="Settings, as for /generate. Left out: those of the preset Photo, which "
        "enlarges, sharpens and balances the colours, and needs no checkpoint.",
    )


class BatchRequest(Asked):
    """A batch: a picture for every combination of some values, as docs/batch.md describes it.

    Sent again, it goes on with what is missing.
    """

    name: str = Field(min_length=1, description="Its own, and its folder's in outputs/batches.")
    settings: dict[str, Any] = Field({}, description="Settings of all pictures, as for /generate.")
    axes: dict[str, Any] = Field(
        description='Values by the names of settings: a list, or text such as "1-4".'
    )
    how: Literal["grid", "zip", "random"] = "grid"
    count: int | None = Field(None, ge=1, description='How many, with "random".')
    seed: int | None = Field(None, ge=0, description='Of the choice, with "random".')
    metrics: list[str] = Field([], description="What to measure, such as sharpness.")


class Waiting(Asked):
    """How long an answer waits for its job, and what it holds."""

    wait: float = Field(
        0,
        ge=0,
        le=MOST_WAITED,
        description="Seconds to wait at most until the job has ended; the server may wait less.",
    )
    cancel: bool = Field(
        False, description="Whether the job is cancelled if the client hangs up while it waits."
    )
    png: bool = Field(False, description="Whether each picture is in the answer, in base64.")


class JobQuery(Asked):
    """What the answer about a job holds."""

    png: bool = Field(False, description="Whether each picture is in the answer, in base64.")


class CancelQuery(Asked):
    """How a job is cancelled."""

    keep: bool = Field(False, description="Whether the unfinished picture is saved.")


class JobsQuery(Asked):
    """Which jobs are listed."""

    state: Literal["queued", "running", "done", "failed", "cancelled"] | None = None
    limit: int = Field(100, ge=1, le=MOST_LISTED)


class ModelsQuery(Asked):
    """Which models are listed."""

    kind: str | None = Field(None, description="Such as checkpoint or lora; all by default.")


class PicturesQuery(Asked):
    """A search in the history of pictures; every condition must hold."""

    text: str = Field("", description='Words and settings, such as "meadow steps:>20".')
    tag: str | None = Field(None, description='A tag in full; "character:" for any of a type.')
    lora: str | None = None
    model: str | None = None
    seed: int | None = Field(None, ge=0, le=2**64 - 1)
    since: date | None = Field(None, description="The first day.")
    until: date | None = Field(None, description="The last day.")
    stars: int = Field(0, ge=0, le=5, description="At least so many.")
    order: Order = "newest"
    limit: int = Field(100, ge=1, le=MOST_LISTED)
    offset: int = Field(0, ge=0, le=10**9)


class PictureQuery(Asked):
    """How a picture is given."""

    form: Literal["file", "png", "webp", "thumbnail", "sidecar"] = Field(
        "file",
        description=(
            "`file` as it is saved; `png` and `webp` with the same pixels; `thumbnail` a small "
            "WebP; `sidecar` the JSON of its settings and of how it was made."
        ),
    )


class Fault(BaseModel):
    """A field of a request that is wrong."""

    field: str
    message: str
    value: Any = None
    choices: list[str] = []


class Failure(BaseModel):
    """What went wrong."""

    kind: str = Field(description="The error's type, such as ConfigError.")
    message: str = Field(description="A sentence for people.")
    faults: list[Fault] = []


class FailureAnswer(BaseModel):
    """The answer to every request that failed."""

    error: Failure
    job: str | None = Field(None, description="The job that failed, if there was one.")


class JobPicture(BaseModel):
    """A picture that a job made."""

    seed: int
    prompt: str
    file: str = Field(description="Its path in outputs/.")
    url: str = Field(description="Where GET gives it, relative to the server's address.")
    width: Annotated[int, Field(description="Pixels.")]
    height: Annotated[int, Field(description="Pixels.")]
    record: dict[str, Any] = Field({}, description="What was applied; empty in a list of jobs.")
    png: str | None = Field(None, description="The file in base64, if it was asked for.")


class Progress(BaseModel):
    """How far a job is."""

    stage: str = ""
    step: int = 0
    steps: int = 0
    image: int = 0
    images: int = 0


class BatchProgress(BaseModel):
    """How far a batch is."""

    name: str
    rows: int
    done: int
    failed: int


class JobAnswer(BaseModel):
    """A job; from `seed` on, once it is done."""

    name: str
    kind: Literal["pictures", "batch"]
    label: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    created: datetime
    seconds: float = Field(description="How long it has been made.")
    place: int | None = Field(None, description="How many jobs wait before it, if it waits.")
    progress: Progress = Progress()
    batch: BatchProgress | None = Field(None, description="Of a batch alone.")
    error: Failure | None = None
    seed: int | None = None
    config: dict[str, Any] | None = Field(None, description="Sent back, it gives the same bytes.")
    pictures: list[JobPicture] = []


class JobsAnswer(BaseModel):
    """The jobs of this client, running ones first, then waiting ones, then the ended ones."""

    jobs: list[JobAnswer]


class Picture(BaseModel):
    """A saved picture."""

    name: str = Field(description="Its path in outputs/.")
    url: str = Field(description="Where GET gives it, relative to the server's address.")
    created: str
    prompt: str
    model: str
    seed: int
    width: int
    height: int
    tags: list[str]
    stars: int


class PicturesAnswer(BaseModel):
    """A page of a search."""

    pictures: list[Picture]
    count: int = Field(description="How many match, on all pages.")


class StoredAnswer(BaseModel):
    """A stored picture."""

    picture: str = Field(description="Its name for settings such as `image` and `inpaint.mask`.")
    told: list[str] = Field(description="What was converted.")


class ModelAnswer(BaseModel):
    """A model's file."""

    name: str
    kind: str
    family: str
    format: str
    size_bytes: int
    variant: str | None
    prediction_type: str | None
    zero_terminal_snr: bool
    precision: str | None
    ranks: list[int]
    trained_words: list[str]
    editions: list[str]
    edition: str | None
    full_name: str
    refused: str | None = Field(description="Why it cannot be used; null if it can.")


class ModelsAnswer(BaseModel):
    """The models in the models folders."""

    models: list[ModelAnswer]


class HealthAnswer(BaseModel):
    """Whether the server is well."""

    status: Literal["ok"]
    version: str
    worker: Literal["none", "starting", "ready"] = Field(
        description="The process that makes pictures; one starts with the first request."
    )
    devices: int = Field(description="How many such processes there are at most: one a device.")
    running: int
    waiting: int
