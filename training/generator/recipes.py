"""Seeded generator of the stranger's texts: short recipes and reports of a board game.

Nothing is shared with the stories: other words, other layout, one language, no characters.
"""
from __future__ import annotations

from .grammar import article_en
from .stories import draw

FOODS = """carrots onions lentils chickpeas mushrooms tomatoes leeks spinach noodles rice potatoes peppers aubergines
courgettes cauliflower broccoli prawns salmon trout chicken turkey beef lamb tofu barley beans cabbage celery
pumpkin parsnips beetroot artichokes asparagus fennel sweetcorn peas olives capers dates figs apricots plums""".split()
SEASONINGS = """salt pepper cumin paprika thyme rosemary basil oregano turmeric ginger garlic nutmeg cinnamon saffron
coriander mustard vinegar sugar butter cream yoghurt parmesan parsley dill mint sesame chilli soy""".split()
DISHES = "soup stew salad curry pie gratin risotto omelette casserole broth tart pilaf stir-fry chowder bake hash".split()
TOOLS = "saucepan skillet wok casserole-dish oven-tray mixing-bowl steamer pressure-cooker griddle roasting-tin".split()
CUTS = "finely coarsely lengthwise diagonally thinly roughly".split()
PREPARE = "chop slice dice grate peel rinse soak drain mince shred cube halve".split()
HEAT = "simmer boil fry roast grill steam braise bake toast poach".split()
TEXTURES = "tender golden crisp thick soft glossy fragrant browned creamy reduced".split()
COLOURS = "amber teal ivory crimson indigo ochre".split()
PIECES = "tower mason scout barge granary wagon shrine engine windmill caravan outpost turret".split()
REGIONS = "northern southern eastern western central outer inner upper lower coastal".split()
TERRAIN = "plateau marsh canyon glacier tundra delta steppe ridge basin quarry".split()
RESOURCES = "timber ore wool clay marble spice copper tin coal resin".split()
TURNS = "opening second third fourth fifth sixth seventh eighth final".split()
MOVES = "advances retreats swaps upgrades captures blocks reinforces abandons fortifies relocates".split()


class _Picker:
    def __init__(self, seed: int):
        self.seed, self.count = seed, 0

    def __call__(self, rows: list[str]) -> str:
        return rows[self.number(0, len(rows) - 1)]

    def number(self, low: int, high: int) -> int:
        self.count += 1
        return low + draw(self.seed, f"recipe {self.count}", high - low + 1)


def _recipe(pick: _Picker) -> str:
    main, side, third = pick(FOODS), pick(FOODS), pick(FOODS)
    spice, second_spice = pick(SEASONINGS), pick(SEASONINGS)
    lines = [f"RECIPE: {main} and {side} {pick(DISHES)}",
             f"Serves {pick.number(2, 9)}. Ready in {pick.number(3, 18) * 5} minutes."]
    steps = [
        f"{pick(PREPARE)} {pick.number(2, 9) * 50} g of {main} {pick(CUTS)}",
        f"{pick(HEAT)} the {side} in {article_en(pick(TOOLS))} for {pick.number(2, 30)} minutes until {pick(TEXTURES)}",
        f"stir in {pick.number(2, 6)} spoonfuls of {spice}, then the {main}",
        f"cover and {pick(HEAT)} at {pick.number(14, 24) * 10} degrees until everything is {pick(TEXTURES)}",
        f"season with {second_spice} and a pinch of {pick(SEASONINGS)}",
        f"add {pick.number(1, 9) * 100} ml of stock and {pick(HEAT)} again",
        f"scatter {pick(CUTS)} cut {third} on top and serve with {pick(FOODS)}",
    ]
    start = pick.number(0, 2)
    for number, step in enumerate(steps[start : start + pick.number(4, 5)], 1):
        lines.append(f"{number}) {step[0].upper()}{step[1:]}.")
    return "\n".join(lines)


def _game_report(pick: _Picker) -> str:
    first = pick.number(0, len(COLOURS) - 1)
    colours = [COLOURS[first], COLOURS[(first + pick.number(1, len(COLOURS) - 1)) % len(COLOURS)]]
    lines = [f"GAME {pick.number(10, 999)}: {colours[0]} against {colours[1]}"]
    for turn in range(pick.number(3, 5)):
        who, other = colours[turn % 2], colours[1 - turn % 2]
        kind = pick.number(0, 3)
        place = f"the {pick(REGIONS)} {pick(TERRAIN)}"
        label = f"[{pick(TURNS)} turn]"
        if kind == 0:
            lines.append(f"{label} {who} {pick(MOVES)} {article_en(pick(PIECES))} on {place}.")
        elif kind == 1:
            lines.append(f"{label} {who} pays {pick.number(1, 9)} {pick(RESOURCES)} for {article_en(pick(PIECES))} and scores {pick.number(1, 12)}.")
        elif kind == 2:
            lines.append(f"{label} {who} rolls {pick.number(1, 6)} and {pick.number(1, 6)}; {other} loses {pick.number(1, 5)} {pick(RESOURCES)} at {place}.")
        else:
            lines.append(f"{label} {who} trades {pick(RESOURCES)} for {pick(RESOURCES)}; the {pick(PIECES)} {pick(MOVES)} to {place}.")
    score = [pick.number(10, 99), pick.number(10, 99)]
    lines.append(f"RESULT: {colours[0]} {score[0]}, {colours[1]} {score[1]}.")
    return "\n".join(lines)


def render_text(seed: int) -> str:
    """The recipe or game report of a seed."""
    pick = _Picker(seed)
    return _recipe(pick) if pick.number(0, 1) == 0 else _game_report(pick)
