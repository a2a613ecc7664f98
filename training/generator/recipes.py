"""Seeded generator of the stranger's texts: recipes, reports of a board game and shipping bulletins.

Nothing is shared with the stories: other words, other layout, one language, no characters. Each text comes
back to what it named before: a recipe to its ingredients, a report to its pieces and to the sum of its
points, a bulletin to its vessel and its cargo.
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
DEEDS = "swaps upgrades captures blocks reinforces abandons fortifies".split()
MOVES = "advances retreats relocates withdraws".split()


HULLS = "trawler barque tanker schooner freighter tugboat dredger catamaran clipper cutter icebreaker paddle-steamer".split()
VESSELS = """Meridian Halcyon Borealis Argus Endurance Calliope Tempest Nereid Polaris Obsidian Vigilant Corona Mistral
Solstice Aurora Hyperion Zephyr Perseus Andromeda Leviathan""".split()
CARGOES = """cement fertiliser plywood bauxite molasses bitumen gypsum rapeseed cellulose asphalt graphite phosphate
turpentine paraffin limestone soybeans""".split()
SECTORS = "Fastnet Viking Dogger Lundy Rockall Fisher Bailey Hebrides Biscay Trafalgar Shannon Plymouth Cromarty Forties".split()
WINDS = "northerly southerly easterly westerly variable cyclonic backing veering".split()
STATES = "smooth slight moderate rough very-rough high".split()
DEFECTS = "gearbox rudder bilge-pump radar winch propeller boiler gyroscope crankshaft generator".split()
REPAIRS = "overhauled replaced recalibrated lubricated welded tested insulated rewired".split()
NUMERALS = "one two three four five six seven eight nine ten eleven twelve".split()


class _Picker:
    def __init__(self, seed: int):
        self.seed, self.count = seed, 0

    def __call__(self, rows: list[str]) -> str:
        return rows[self.number(0, len(rows) - 1)]

    def number(self, low: int, high: int) -> int:
        self.count += 1
        return low + draw(self.seed, f"recipe {self.count}", high - low + 1)

    def several(self, rows: list[str], count: int) -> list[str]:
        """Different entries of a list."""
        chosen: list[str] = []
        while len(chosen) < count:
            row = self(rows)
            if row not in chosen:
                chosen.append(row)
        return chosen


def _recipe(pick: _Picker) -> str:
    main, side, third = pick.several(FOODS, 3)
    spice, second_spice, last_spice = pick.several(SEASONINGS, 3)
    vessel, texture, dish = pick(TOOLS), pick(TEXTURES), pick(DISHES)
    amount, people = pick.number(2, 9) * 50, pick.number(2, 9)
    lines = [f"RECIPE: {main} and {side} {dish}",
             f"Serves {people}. Ready in {pick.number(3, 18) * 5} minutes.",
             f"Needed: {amount} g of {main}, {pick.number(1, 9) * 50} g of {side}, {third}, {spice}, {second_spice}."]
    steps = [
        f"{pick(PREPARE)} the {amount} g of {main} {pick(CUTS)}",
        f"{pick(HEAT)} the {side} in {article_en(vessel)} for {pick.number(2, 30)} minutes until {texture}",
        f"stir in {pick.number(2, 6)} spoonfuls of {spice}, then the {main}",
        f"cover the {vessel} and {pick(HEAT)} at {pick.number(14, 24) * 10} degrees until everything is {pick(TEXTURES)}",
        f"season with {second_spice} and a pinch of {last_spice}",
        f"add {pick.number(1, 9) * 100} ml of stock and {pick(HEAT)} again",
        f"once all is {texture}, taste, and add more {pick([spice, second_spice])}",
        f"scatter the {third} over the {dish} and divide it into {people} portions",
        f"keep what is left of the {pick([main, side, third])} for the {pick(DISHES)} of the next day",
    ]
    skipped = pick.several(list(range(1, 7)), pick.number(1, 3))
    for number, step in enumerate((step for k, step in enumerate(steps) if k not in skipped), 1):
        lines.append(f"{number}) {step[0].upper()}{step[1:]}.")
    return "\n".join(lines)


def _game_report(pick: _Picker) -> str:
    colours = pick.several(COLOURS, 2)
    pieces = [pick(PIECES), pick(PIECES)]
    region = f"the {pick(REGIONS)} {pick(TERRAIN)}"
    scores = [pick.number(0, 3), pick.number(0, 3)]
    lines = [f"GAME {pick.number(10, 999)}: {colours[0]} against {colours[1]}",
             f"{colours[0]} begins with {article_en(pieces[0])}, {colours[1]} with {article_en(pieces[1])}; the prize is {region}."]
    for turn in range(pick.number(4, 6)):
        mover = turn % 2
        who, other = colours[mover], colours[1 - mover]
        place = region if pick.number(0, 1) else f"the {pick(REGIONS)} {pick(TERRAIN)}"
        label = f"[{TURNS[turn]} turn]"
        kind = pick.number(0, 4)
        if kind == 0:
            lines.append(f"{label} {who} {pick(DEEDS)} the {pieces[mover]} on {place}.")
        elif kind == 1:
            points = pick.number(1, 4)
            scores[mover] += points
            lines.append(f"{label} {who} pays {NUMERALS[pick.number(0, 5)]} {pick(RESOURCES)} and scores {NUMERALS[points - 1]}: {scores[mover]} now.")
        elif kind == 2:
            dice = pick.number(1, 6), pick.number(1, 6)
            lines.append(f"{label} {who} rolls {dice[0]} and {dice[1]}, in all {sum(dice)}; {other} loses {NUMERALS[pick.number(1, 4)]} {pick(RESOURCES)} at {place}.")
        elif kind == 3:
            lines.append(f"{label} {who} trades {pick(RESOURCES)} for {pick(RESOURCES)}; the {pieces[mover]} {pick(MOVES)} to {place}.")
        else:
            lines.append(f"{label} {who} passes, and the {pieces[1 - mover]} of {other} {pick(MOVES)} near {place}.")
    winner = colours[0] if scores[0] > scores[1] else colours[1] if scores[1] > scores[0] else ""
    outcome = f"{winner} takes {region}" if winner else f"a draw, nobody takes {region}"
    lines.append(f"RESULT: {colours[0]} {scores[0]}, {colours[1]} {scores[1]}; {outcome}.")
    return "\n".join(lines)


def _bulletin(pick: _Picker) -> str:
    hull, vessel, cargo = pick(HULLS), pick(VESSELS), pick(CARGOES)
    first, second = pick.several(SECTORS, 2)
    tonnes, unloaded = pick.number(6, 12), pick.number(1, 5)
    defect, repair, force = pick(DEFECTS), pick(REPAIRS), pick.number(2, 9)
    lines = [f"BULLETIN {pick.number(100, 999)}: {hull} {vessel}, {first} to {second}",
             f"Cargo: {NUMERALS[tonnes - 1]} thousand tonnes of {cargo}."]
    reports = [
        f"{first}: {pick(WINDS)} force {force}, sea {pick(STATES)}, visibility {pick.number(1, 9)} miles",
        f"the {defect} of the {vessel} was {repair} off {first}",
        f"{NUMERALS[unloaded - 1]} thousand tonnes of {cargo} unloaded, {NUMERALS[tonnes - unloaded - 1]} remain",
        f"crew inspected the {defect}: {repair} and sound",
        f"{second}: {pick(WINDS)} force {pick.number(2, 9)}, sea {pick(STATES)}",
        f"speed {pick.number(6, 19)} knots, {pick.number(2, 60)} hours from {second}",
        f"the {hull} passed the {pick(HULLS)} {pick(VESSELS)} in {pick(SECTORS)}",
        f"barometer {pick.number(970, 1035)}, {'falling' if force > 5 else 'rising'}",
    ]
    chosen = sorted(pick.several(list(range(len(reports))), pick.number(5, 7)))
    for hour, k in enumerate(chosen):
        lines.append(f"{4 * hour:02d}00 - {reports[k][0].upper()}{reports[k][1:]}.")
    lines.append(f"END: {vessel} expected at {second} with the {cargo}.")
    return "\n".join(lines)


def render_text(seed: int) -> str:
    """The recipe, game report or bulletin of a seed."""
    pick = _Picker(seed)
    return (_recipe, _game_report, _bulletin)[pick.number(0, 2)](pick)
