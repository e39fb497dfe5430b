import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { tagsIn } from "../../../widgets/shared/tags.js";

test("a comma separates tags, and blanks around them do not count", () => {
  deepEqual(tagsIn(" one, character:Ada ,, "), ["one", "character:Ada"]);
  deepEqual(tagsIn("blue sea"), ["blue sea"]);
  deepEqual(tagsIn(" , "), []);
});
