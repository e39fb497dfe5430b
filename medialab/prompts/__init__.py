"""The prompt grammar that people know from A1111: text in, plain values out; no model is touched.

In order: `Styles` are merged into the prompt, `expand` removes comments and draws wildcards,
`parse` takes out LoRA tags, splits at AND and reads schedules, `weigh` reads brackets and BREAK.
Anything that is not valid syntax is plain text; only a missing wildcard or style is an error.

Existing libraries do not fit, so this is our own code. dynamicprompts 0.31 (tried) raises on a
lone "{", "$" or "__", ignores a missing wildcard, splits "[c|d]" within a choice, and brings
jinja2 and pyparsing; compel reads another language; lark, which A1111 uses, needs a guard around
each prompt that its grammar rejects.
"""

from medialab.prompts.parsing import (
    MOST_SUBPROMPTS,
    ParsedPrompt,
    SubPrompt,
    mentions,
    parse,
    word_pattern,
)
from medialab.prompts.schedules import Phase, schedule
from medialab.prompts.styles import Style, Styles
from medialab.prompts.tags import LoRATag, tagged_loras, take_loras, without_tags, written_tags
from medialab.prompts.weights import Fragment, Sections, escape, weigh
from medialab.prompts.wildcard_files import WildcardFiles
from medialab.prompts.wildcards import MOST_CHARACTERS, expand

__all__ = [
    "MOST_CHARACTERS",
    "MOST_SUBPROMPTS",
    "Fragment",
    "LoRATag",
    "ParsedPrompt",
    "Phase",
    "Sections",
    "Style",
    "Styles",
    "SubPrompt",
    "WildcardFiles",
    "escape",
    "expand",
    "mentions",
    "parse",
    "schedule",
    "tagged_loras",
    "take_loras",
    "weigh",
    "without_tags",
    "word_pattern",
    "written_tags",
]
