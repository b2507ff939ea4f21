"""LangExtract over some texts, run by an interpreter that has it; nothing of this project is imported.

    python langextract_peer.py < order.json

The order is one JSON object: `url` of the endpoint, `description` and `example` for the prompt, and the `texts`. What
comes out is one JSON object: wall seconds, the number of extractions and of those that were found in the text.
"""

from __future__ import annotations

import json
import sys
import time

import langextract


def main() -> None:
    """Does what the order says, with the settings that LangExtract comes with."""
    order = json.load(sys.stdin)
    given = order["example"]
    example = langextract.data.ExampleData(
        text=given["text"],
        extractions=[
            langextract.data.Extraction(
                extraction_class="row", extraction_text=given["quote"], attributes=given["cells"]
            )
        ],
    )
    config = langextract.factory.ModelConfig(
        model_id="simulated",
        provider="OpenAILanguageModel",
        provider_kwargs={"api_key": "none", "base_url": order["url"]},
    )
    found = aligned = 0
    begin = time.monotonic()
    for text in order["texts"]:
        result = langextract.extract(
            text,
            prompt_description=order["description"],
            examples=[example],
            config=config,
            show_progress=False,
        )
        found += len(result.extractions or ())
        aligned += sum(each.char_interval is not None for each in result.extractions or ())
    seconds = time.monotonic() - begin
    sys.stdout.write(json.dumps({"wall_s": seconds, "extractions": found, "aligned": aligned}) + "\n")


if __name__ == "__main__":
    main()
