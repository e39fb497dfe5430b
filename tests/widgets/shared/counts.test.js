import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const WIDGETS = new URL("../../../widgets/", import.meta.url);

test("a count is written as the English sentence around it, whatever the browser's language is", () => {
  const script = `
    const { countText } = await import(${JSON.stringify(new URL("gallery/src/filters.js", WIDGETS))});
    const { markedText } = await import(${JSON.stringify(new URL("batch_bar/src/words.js", WIDGETS))});
    console.log(countText(25000) + "; " + markedText(1200));`;
  const command = ["--input-type=module", "--eval", script];
  const env = { ...process.env, LC_ALL: "de_DE.UTF-8", LANGUAGE: "de", LANG: "de_DE.UTF-8" };
  const said = execFileSync(process.execPath, command, { encoding: "utf-8", env });
  assert.equal(said.trim(), "25,000 pictures; 1,200 marked");
});

test("no count is left to the browser's language", () => {
  const files = readdirSync(WIDGETS, { recursive: true, encoding: "utf-8" }).filter((name) =>
    /src\/.*\.js$/.test(name.replaceAll("\\", "/")),
  );
  assert.ok(files.length > 50);
  const left = files.filter((name) =>
    readFileSync(new URL(name, WIDGETS), "utf-8").includes("toLocaleString()"),
  );
  assert.deepEqual(left, []);
});
