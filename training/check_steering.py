"""Check that the family does what the lab is to show: S's steering vectors, mapped, steer L.

`python check_steering.py [attribute …] [--small S --large L] [--prompts N] [--samples FILE]` collects residual
streams over the map corpus, fits ridge maps for the pairs of blocks, extracts difference-of-means vectors from the
small model's readings of the contrast pairs, maps them, and steers the large model's continuations both ways, by
adding the vector or by clamping the projection on it. Blocks are chosen on some prompts, the report is on others.
Results go to `steering-SMALL-LARGE.json` in the build folder.
"""
from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import torch

from family import BUILD, CORPORA, MAP_CORPUS, PRESETS
from make_presets import PRESET_TABLE, score, words_of
from steering import OPERATIONS, Lens, difference_of_means, fit_map, known_words, rep3

DOSES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.85)
CHOICE_DOSE = 0.5
CHOICE_PROMPTS = 24
MAP_TEXTS = 250
# Goals of the lab: share on the wanted side both ways, and limits of fluency.
WANTED_RATE, MAX_PERPLEXITY_RATIO, MAX_UNKNOWN = 0.85, 1.5, 0.01


class Check:
    """Everything that all attributes share: two models, their maps, the corpus's words."""

    def __init__(self, small: str, large: str, prompts: int):
        self.small, self.large, self.prompts = Lens(small), Lens(large), prompts
        corpus = [json.loads(line)["text"] for line in (CORPORA / f"{MAP_CORPUS}.jsonl").read_text().splitlines()]
        self.known = known_words(corpus)
        read = corpus[:MAP_TEXTS]
        xs = torch.cat([s[:, 1:] for s in self.small.residuals(self.small.ids(read))], 1)
        ys = torch.cat([s[:, 1:] for s in self.large.residuals(self.large.ids(read))], 1)
        self.norms = ys.norm(dim=-1).median(1).values.double()
        self.maps = {(i, j): fit_map(xs[i], ys[j]) for i in range(len(xs)) for j in range(len(ys) - 1)}
        order = torch.randperm(xs.shape[1], generator=torch.Generator().manual_seed(5))
        self.shuffled = {(i, j): fit_map(xs[i][order], ys[j]).r2 for i in range(len(xs)) for j in range(len(ys) - 1)}

    def best_source(self, j: int) -> int:
        """The small model's block that predicts block j of the large one best."""
        return max((self.maps[i, j].r2, i) for i in range(len(self.small.layers)) if (i, j) in self.maps)[1]


def measure(check: Check, preset: dict, prompts: list[str], block: int, vector: torch.Tensor | None, dose: float,
            operation: str, levels: tuple[float, float], seed: int) -> dict:
    """Rates and fluency of continuations steered to the positive side, and to the negative one."""
    large = check.large
    row = {}
    for name, sign in (("positive", 1), ("negative", -1)):
        handle = None
        if vector is not None:
            level = levels[0] + sign * dose * levels[1]
            handle = large.steer(block, vector, sign * dose * float(check.norms[block]) if operation == "add" else level, operation)
        texts, ids, starts = large.continuations(prompts, seed)
        if handle:
            handle.remove()
        scores = [score(preset["scorer"], prompt, text) for prompt, text in zip(prompts, texts)]
        words = [word for text in texts for word in words_of(cut_last_word(text))]
        row[name] = {
            "rate": sum(s == sign for s in scores) / len(prompts), "against": sum(s == -sign for s in scores) / len(prompts),
            "perplexity": large.perplexity(ids, starts), "unknown": sum(word not in check.known for word in words) / max(1, len(words)),
            "rep3": rep3(texts), "texts": texts,
        }
    return row


def cut_last_word(text: str) -> str:
    """A continuation without its last word, which the limit of tokens may have cut in two."""
    return re.sub(r"[^\W\d_]+$", "", text)


def fluent(row: dict, base: dict) -> bool:
    """Whether both sides keep within the limits of perplexity and unknown words."""
    return all(row[side]["perplexity"] / base["perplexity"] <= MAX_PERPLEXITY_RATIO and row[side]["unknown"] <= MAX_UNKNOWN
               for side in ("positive", "negative"))


def shown(row: dict, base: dict) -> str:
    """One line of a report."""
    up, down = row["positive"], row["negative"]
    return (f"+ {up['rate']:.2f} − {down['rate']:.2f}, perplexity × {up['perplexity'] / base['perplexity']:.2f} "
            f"{down['perplexity'] / base['perplexity']:.2f}, unknown {up['unknown']:.3f} {down['unknown']:.3f}, "
            f"rep-3 {up['rep3']:.3f} {down['rep3']:.3f}")


def check_attribute(check: Check, attribute: str, sides: tuple[str, str], quick: bool) -> dict:
    """Choose the blocks on some prompts, report every operation and dose and the controls on others."""
    preset = json.loads((PRESETS / f"{attribute}.json").read_text())
    report, choice = preset["evaluationPrompts"][: check.prompts], preset["evaluationPrompts"][-CHOICE_PROMPTS:]
    flat = [text for pair in preset["pairs"] for text in (pair["positive"], pair["negative"])]
    source, target = check.small.residuals(check.small.ids(flat)), check.large.residuals(check.large.ids(flat))
    own, native = difference_of_means(source), difference_of_means(target)
    neutral = (0.0, 0.0)
    base = measure(check, preset, report, 0, None, 0.0, "add", neutral, 1)["positive"]
    print(f"{attribute} ({sides[0]} + / {sides[1]} −): unsteered {base['rate']:.2f} {base['against']:.2f}, perplexity {base['perplexity']:.2f}, "
          f"unknown {base['unknown']:.3f}, rep-3 {base['rep3']:.3f}", flush=True)

    def levels(block: int, vector: torch.Tensor) -> tuple[float, float]:
        """Mean projection of the pairs' tokens in the large model, and the length that a dose of 1 stands for."""
        unit = vector / vector.norm()
        return float(torch.cat([state[block, 1:] for state in target]).double().mean(0) @ unit), float(check.norms[block])

    tried = []
    depth = len(check.large.layers)
    for j in range(1, depth - 1):
        i = check.best_source(j)
        vector = check.maps[i, j].vector(own[i])
        row = measure(check, preset, choice, j, vector, CHOICE_DOSE, "clamp", levels(j, vector), 2)
        rate = min(row[side]["rate"] for side in ("positive", "negative"))
        ratio = max(row[side]["perplexity"] for side in ("positive", "negative")) / base["perplexity"]
        cosine = float(torch.cosine_similarity(vector, native[j], 0))
        tried.append({"small": i, "large": j, "r2": check.maps[i, j].r2, "cosine": round(cosine, 3), "rate": rate, "ratio": round(ratio, 3)})
        print(f"   blocks {i} → {j}: R² {check.maps[i, j].r2:.3f}, cosine {cosine:.2f}, rate {rate:.2f}, perplexity × {ratio:.2f}", flush=True)
    # Effect first, in steps of a tenth up to the goal; then the gentlest.
    best = min(tried, key=lambda row: (-round(min(row["rate"], 0.9), 1), row["ratio"]))
    i, j = best["small"], best["large"]
    mapped = check.maps[i, j].vector(own[i])
    generator = torch.Generator().manual_seed(7)
    arms = {"mapped": mapped, "native": native[j], "random": torch.randn(len(mapped), generator=generator, dtype=torch.float64)}
    rows, chosen = [], None
    for operation in OPERATIONS:
        for dose in DOSES:
            row = measure(check, preset, report, j, mapped, dose, operation, levels(j, mapped), 3)
            rows.append({"arm": "mapped", "operation": operation, "dose": dose, **row})
            print(f"   {operation} r {dose}: {shown(row, base)}", flush=True)
            reached = min(row[side]["rate"] for side in ("positive", "negative"))
            fits = fluent(row, base)
            # The smallest fluent dose that reaches the goal; else the fluent one with the greatest effect.
            rank = (fits, min(reached, WANTED_RATE), -dose)
            if chosen is None or rank > chosen[0]:
                chosen = (rank, operation, dose, row)
            if max(row[side]["perplexity"] for side in ("positive", "negative")) > 3 * base["perplexity"]:
                break
    _, operation, dose, row = chosen
    print(f"   chosen: blocks {i} → {j}, {operation} r {dose}, {'fluent' if fluent(row, base) else 'not fluent'}: {shown(row, base)}", flush=True)
    for name in ("native",) if quick else ("native", "random"):
        other = measure(check, preset, report, j, arms[name], dose, operation, levels(j, arms[name]), 3)
        rows.append({"arm": name, "operation": operation, "dose": dose, **other})
        print(f"   {name} there: {shown(other, base)}", flush=True)
    return {"unsteered": base, "blocks": tried, "best": best, "shuffledR2": check.shuffled[i, j], "rows": rows,
            "chosen": {"operation": operation, "dose": dose, "fluent": fluent(row, base), **row}, "prompts": report}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("attributes", nargs="*")
    parser.add_argument("--small", default="S")
    parser.add_argument("--large", default="L")
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--quick", action="store_true", help="no random arm")
    parser.add_argument("--samples", type=Path, help="write 20 steered continuations of each attribute, as they come")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    check = Check(arguments.small, arguments.large, arguments.prompts)
    print("held-out R² (rows: small model's block, columns: large model's block; shuffled at most "
          f"{max(check.shuffled.values()):.3f})")
    for i in range(len(check.small.layers)):
        print("  ".join(f"{ridge.r2:.3f}" for (k, _), ridge in check.maps.items() if k == i))
    result = {"r2": {f"{i}-{j}": round(ridge.r2, 4) for (i, j), ridge in check.maps.items()}, "attributes": {}}
    lines = []
    for attribute in arguments.attributes or PRESET_TABLE:
        sides = PRESET_TABLE[attribute][2:4]
        found = check_attribute(check, attribute, sides, arguments.quick)
        result["attributes"][attribute] = found
        chosen = found["chosen"]
        lines.append(f"## {attribute}: {chosen['operation']} r {chosen['dose']}, blocks {found['best']['small']} → {found['best']['large']}\n")
        for k, prompt in enumerate(found["prompts"][:10]):
            for side, name in (("positive", sides[0]), ("negative", sides[1])):
                lines.append(f"{k + 1}. **{name}** {prompt.replace(chr(10), ' / ')} → {chosen[side]['texts'][k]}\n")
        target = BUILD / f"steering-{arguments.small}-{arguments.large}.json"
        target.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if arguments.samples:
            arguments.samples.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
