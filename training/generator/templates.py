"""Sentence templates, English and Spanish, by the part they play in a story.

Marks: `@verb` an event, `~verb` a state (`+` plural); `{slot}` is filled by `stories.Renderer`.
Suffixes of an adjective slot name what it agrees with in Spanish: `_X`, `_Y` a character, `_B`
both, `_m`/`_f` fixed, `_d` the part of the day, `_t` the things (plural), `_o` the object.
"""
from __future__ import annotations

from .words import table

TITLES = table("""
The {obj_adj}.|{El_obj_adj}.
{X}, {Y} and {a_obj}.|{X}, {Y} y {un_obj}.
About {a_obj_adj}.|Sobre {un_obj_adj}.
""")

# {O} is the older of the two, {U} the younger.
AGES = table("""
{O} ~be older than {U}.|{O} ~ser mayor que {U}.
{U} ~be younger than {O}.|{U} ~ser menor que {O}.
{O} ~be {n} years older than {U}.|{O} ~ser {n} años mayor que {U}.
{U} ~be {n} years younger than {O}.|{U} ~ser {n} años menor que {O}.
""")

SETTINGS = table("""
{weather}.|{weather}.
it ~be a {quality} {daypart}, and {weather}.|~ser {un_daypart} {quality_d}, y {weather}.
at {spot2} the {daypart} ~be {quality}, and {weather}.|en {spot2} {the_daypart} ~ser {quality_d}, y {weather}.
{weather} while {X} and {Y} @+{act}.|{weather} mientras {X} y {Y} ~+{act}.
the {things} ~+look {quality}, and {weather}.|{los_things} ~+parecer {quality_t}, y {weather}.
{a_quality} {daypart} ~begin, and {weather}.|~empezar {un_daypart} {quality_d}, y {weather}.
""")

FEELINGS = table("""
{X} ~feel {feeling}.|{X} ~sentirse {feeling_X}.
{X} ~be very {feeling}, and {Y} ~seem {feeling2}.|{X} ~estar muy {feeling_X}, y {Y} ~parecer {feeling2_Y}.
{X} and {Y} ~+be {feeling}.|{X} y {Y} ~+estar {feeling_B}.
{manner}, {X} @{moodact}.|{manner}, {X} @{moodact}.
{X} @{moodact}, and {Y} @{moodact2}.|{X} @{moodact}, y {Y} @{moodact2}.
{feeling} as ever, {Y} @{moodact}.|tan {feeling_Y} como siempre, {Y} @{moodact}.
{X} ~be {feeling} because of the {quality} {daypart}.|{X} ~estar {feeling_X} por {the_daypart} tan {quality_d}.
{connector}, {Q} @{moodact} and {X} ~be {feeling}.|{connector}, {Q} @{moodact} y {X} ~estar {feeling_X}.
the {things} ~+make {X} {feeling}.|{los_things} ~+poner {feeling_X} a {X}.
""")

THINGS = table("""
the {things} ~+look {quality}.|{los_things} ~+parecer {quality_t}.
near {spot} the {things} ~+seem {quality}, and {X} ~be {feeling}.|cerca de {spot} {los_things} ~+parecer {quality_t}, y {X} ~estar {feeling_X}.
{creature} @{cact} {manner}.|{creature} @{cact} {manner}.
{connector}, {creature} @{cact}, and {X} @{moodact}.|{connector}, {creature} @{cact}, y {X} @{moodact}.
{Q} ~keep some {quality} {things} at {spot}.|{Q} ~guardar {unos_things} {quality_t} en {spot}.
there ~+be {n} {things} at {spot}, all {quality}.|~haber {n} {things_es} en {spot}, {todos_things} {quality_t}.
""")

ACTIVITIES = table("""
{X} and {Y} @+{act} {manner}.|{X} y {Y} @+{act} {manner}.
{X} @{act} {manner} while {Y} ~{act2}.|{X} @{act} {manner} mientras {Y} ~{act2}.
{connector}, {X} @{act}, and {Y} @{moodact}.|{connector}, {X} @{act}, y {Y} @{moodact}.
at {spot}, {X} @{errand} {manner}.|en {spot}, {X} @{errand} {manner}.
{Q} @{errand} {manner}, and {Y} @{act}.|{Q} @{errand} {manner}, y {Y} @{act}.
{manner}, {Y} @{act} beside {spot}.|{manner}, {Y} @{act} junto a {spot}.
{connector} they @+go to {spot}, {feeling} and quiet.|{connector} @+ir a {spot}, {feeling_B} y callados.
{X} @{act} with {a_obj_adj}, and {Y} ~be {feeling}.|{X} @{act} con {un_obj_adj}, y {Y} ~estar {feeling_Y}.
""")

# Dialogue and narration are parallel: the same content spoken or thought.
SPEECH = {
    "dialogue": table("""
"What a {quality} {daypart}!" @{say} {X}.|"¡Qué {daypart_es} tan {quality_d}!" @{say} {X}.
{X} @{say}: "How {quality}, these {things}!"|{X} @{say}: "¡Qué {quality_t}, {estos_things}!"
"A {quality} place, {spot}," @{say} {X} to {Y}.|"Un lugar {quality_m}, {spot}," @{say} {X} a {Y}.
"Yes, {Y}, a {quality} {daypart}," @{say} {X}.|"Sí, {Y}, {un_daypart} {quality_d}," @{say} {X}.
{manner}, {X} @{say}: "Ah, the {things}!"|{manner}, {X} @{say}: "¡Ah, {los_things}!"
"So {feeling}, {Y}?" @{say} {X}. "So {feeling}!"|"¿Tan {feeling_Y}, {Y}?" @{say} {X}. "¡Tan {feeling_Y}!"
"""),
    "narration": table("""
{X} @{think} that it ~be a {quality} {daypart}.|{X} @{think} que ~ser {un_daypart} {quality_d}.
{X} @{think} that the {things} ~+be {quality}.|{X} @{think} que {los_things} ~+ser {quality_t}.
{X} @{think_about} {spot}, a {quality} place for {Y}.|{X} @{think_about} {spot}, un lugar {quality_m} para {Y}.
{X} @{think_about} {Y} and the {quality} {daypart}.|{X} @{think_about} {Y} y {the_daypart} {quality_d}.
{manner}, {X} @{think_about} the {things}.|{manner}, {X} @{think_about} {los_things}.
{X} @{think} that {Y} ~be {feeling}, so {feeling}.|{X} @{think} que {Y} ~estar {feeling_Y}, tan {feeling_Y}.
"""),
}
SAY_VERBS = table("say|decir; whisper|susurrar; shout|gritar; exclaim|exclamar; answer|responder; cry out|exclamar; repeat|repetir; reply|contestar; announce|anunciar; declare|declarar")
THINK_VERBS = table("think|pensar; believe|creer; suspect|sospechar; imagine|imaginar; reflect|reflexionar; decide|comprender; guess|suponer; suppose|opinar")
THINK_ABOUT_VERBS = table("think about|pensar en; reflect on|meditar sobre; wonder about|cavilar sobre; daydream about|soñar con; ponder over|reflexionar sobre")

# {G} gives, {R} receives. {gift} is definite where the title has named it.
GIVES = table("""
{G} @give {R} {gift}.|{G} le @dar a {R} {gift}.
{G} @hand {gift} to {R} {manner}.|{G} le @entregar {gift} a {R} {manner}.
{R} @receive {gift} from {G}.|{R} @recibir {gift} de {G}.
{connector}, {G} @lend {gift} to {R}.|{connector}, {G} le @prestar {gift} a {R}.
{connector}, {R} @receive {gift} from {G} {manner}.|{connector}, {R} @recibir {gift} de {G} {manner}.
{manner}, {G} @offer {gift} to {R}.|{manner}, {G} le @ofrecer {gift} a {R}.
{G} @bring {R} {gift}, and {R} ~be {feeling}.|{G} le @traer a {R} {gift}, y {R} ~estar {feeling_R}.
""")
# What the relation scorer looks for, as JavaScript regular expressions with the u flag.
NAME = r"(\p{Lu}\p{L}+)"
OLDER_PATTERNS = [
    {"regex": NAME + r" (?:is|was) (?:\p{L}+ years )?older than " + NAME, "older": 1, "younger": 2},
    {"regex": NAME + r" (?:is|was) (?:\p{L}+ years )?younger than " + NAME, "older": 2, "younger": 1},
    {"regex": NAME + r" (?:es|era) (?:\p{L}+ años )?mayor que " + NAME, "older": 1, "younger": 2},
    {"regex": NAME + r" (?:es|era) (?:\p{L}+ años )?menor que " + NAME, "older": 2, "younger": 1},
]
_GIVE_EN = "(?:gives?|gave|hands?|handed|lends?|lent|offers?|offered|brings?|brought)"
_GIVE_ES = "(?:da|dio|entrega|entregó|presta|prestó|ofrece|ofreció|trae|trajo)"
GIVE_PATTERNS = [
    {"regex": NAME + " " + _GIVE_EN + r" [^.\n]*?\bto " + NAME, "giver": 1, "receiver": 2},
    {"regex": NAME + " " + _GIVE_EN + " " + NAME + r"\b", "giver": 1, "receiver": 2},
    {"regex": NAME + r" (?:receives?|received) [^.\n]*?\bfrom " + NAME, "giver": 2, "receiver": 1},
    {"regex": NAME + " le " + _GIVE_ES + r" [^.\n]*?\ba " + NAME, "giver": 1, "receiver": 2},
    {"regex": NAME + r" (?:recibe|recibió) [^.\n]*?\bde " + NAME, "giver": 2, "receiver": 1},
]
