"""The pictures of the form's fields: small copies, what a ControlNet is shown, files given."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from medialab import Workbench
from medialab.errors import MediaLabError
from medialab.pixels.preprocessors import AS_IT_IS, PREPROCESSORS
from medialab.settings.control_units import ControlUnit
from medialab.vision.estimators import ESTIMATORS
from widgets.form_notes import times
from widgets.form_values import FormValues
from widgets.sheet import Sheet, Thumbnail

if TYPE_CHECKING:
    from PIL import Image

_SIDE = 192  # pixels of a small copy; shown at half of that on a plain screen
_QUALITY = 85  # JPEG
Set = Callable[[Mapping[str, Any]], object]


class FormPictures:
    """Gives a form's sheets the pictures of their fields, and takes those that a person gives.

    A field is named as a sheet names it: `image`, `face.mask`, or `control.0.image` of a unit.

    Args:
        bench: the workbench, whose store has the pictures.
        values: the form's state.
        set_values: sets values of the form.
    """

    def __init__(self, bench: Workbench, values: FormValues, set_values: Set) -> None:
        self._bench, self._values, self._set = bench, values, set_values
        # For each unit's picture that a sheet shows: its settings when it was last prepared.
        self._prepared: dict[str, str] = {}

    def attach(self, sheet: Sheet) -> None:
        """Serve a sheet."""
        sheet.on_thumbnail(lambda field, name: self.thumbnail(field, name, sheet))
        sheet.on_upload(lambda field, _name, content: self.take(field, content))

    def take(self, field: str, picture: "Image.Image | bytes") -> None:
        """Store a picture, and use it for a field.

        Raises:
            PictureError: not a picture, broken, or too large.
        """
        self.use(field, self._bench.keep(picture))

    def use(self, field: str, name: str | None) -> None:
        """Use a stored picture for a field."""
        self._set(changes_of(self._values, field, name))

    def thumbnail(self, field: str, name: str, sheet: Sheet) -> Thumbnail:
        """Return what a field's slot shows of a stored picture.

        What a ControlNet is shown by a preprocessor with a model follows when the worker has made
        it.

        Args:
            field: the field.
            name: the picture's name in the store.
            sheet: the sheet that shows it.

        Raises:
            PictureError: it is no longer there.
        """
        small, size = self._bench.pictures.thumbnail(name, _SIDE)
        about = "; ".join([times(size), *self._bench.pictures.changes(name)])
        unit = unit_of(self._values, field)
        if unit is None:
            return Thumbnail(small, about)
        self._prepared[field] = facts = _facts(unit)
        if unit.get("preprocessor") in ESTIMATORS and unit.get("preprocessor_model"):

            def show(prepared: "Image.Image") -> None:
                if self._prepared.get(field) == facts:  # else it is another picture's by now
                    sheet.send_thumbnail(field, name, Thumbnail(small, about, _jpeg(prepared)))

            self._bench.submit_control_image(_asked(unit), show)
        return Thumbnail(small, about, self._prepare(unit))

    def refresh(self, sheet: Sheet) -> None:
        """Prepare the units' pictures anew whose preprocessor is another now."""
        for field, facts in list(self._prepared.items()):
            unit = unit_of(self._values, field)
            if unit is None or not unit.get("image"):
                del self._prepared[field]
            elif _facts(unit) != facts and any(
                field.startswith(f"{one['name']}.") for one in sheet.fields
            ):
                name = str(unit["image"])
                sheet.send_thumbnail(field, name, self.thumbnail(field, name, sheet))

    def _prepare(self, unit: Mapping[str, Any]) -> bytes:
        """Return what the ControlNet is shown; b"" where that takes a model, or is the picture."""
        preprocessor = unit.get("preprocessor", AS_IT_IS)
        if preprocessor == AS_IT_IS or preprocessor not in PREPROCESSORS:
            return b""
        try:
            return _jpeg(self._bench.control_image(_asked(unit)))
        except MediaLabError:  # a missing library is reported when it is used
            return b""


def unit_of(values: FormValues, field: str) -> Mapping[str, Any] | None:
    """Return the unit to which a field such as `control.0.image` belongs; None for no unit."""
    listed, _, rest = field.rpartition(".")
    listed, _, number = listed.rpartition(".")
    if not rest or not number.isdigit() or listed not in values:
        return None
    units = values.value(listed) or []
    return units[int(number)] if int(number) < len(units) else None


def changes_of(values: FormValues, field: str, value: Any) -> dict[str, Any]:
    """Return the change of the form's values that sets a field, be it one of a unit.

    A picture for a list of pictures is added at its end.
    """
    unit = unit_of(values, field)
    if unit is None:
        listed = values.value(field) if field in values else None
        return {field: [*listed, value] if isinstance(listed, list) else value}
    place, _, setting = field.rpartition(".")
    listed, _, number = place.rpartition(".")
    units = [*values.value(listed)]
    units[int(number)] = {**unit, setting: value}
    return {listed: units}


_FACTS = ("image", "preprocessor", "preprocessor_model", "people_model")


def _facts(unit: Mapping[str, Any]) -> str:
    return " ".join(str(unit.get(name)) for name in _FACTS)


def _asked(unit: Mapping[str, Any]) -> ControlUnit:
    """Return the unit with what its control image depends on."""
    given = {name: unit[name] for name in _FACTS if unit.get(name)}
    return ControlUnit.model_construct(model="", **given)


def _jpeg(picture: "Image.Image") -> bytes:
    small = picture.copy()
    small.thumbnail((_SIDE, _SIDE))
    buffer = BytesIO()
    small.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
