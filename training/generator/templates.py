"""Sentence templates, English and Spanish, by the part they play in a story.

Marks: `@verb` an event, `~verb` a state (`+` plural); `{slot}` is filled by `stories.Renderer`.
Suffixes of an adjective slot name what it agrees with in Spanish: `_X`, `_Y` a character, `_B`
both, `_m`/`_f` fixed, `_d` the part of the day, `_t` the things (plural).

Slots that the whole story shares, and that later sentences come back to: {P} and {Q} two other people,
{pet} the companion and {petspot} where it rests, {the_obj} the present and {H} who has it in the end,
{N} who gave it, {C} and {D} who count {n1} and {n2} things, {sum} together.
"""
from __future__ import annotations

from .words import table

TITLES = table("""
The {obj_adj}.|{El_obj_adj}.
{X}, {Y} and {a_obj}.|{X}, {Y} y {un_obj}.
About {a_obj_adj}.|Sobre {un_obj_adj}.
{P} and {a_obj_adj}.|{P} y {un_obj_adj}.
The story of {a_obj_adj}.|La historia de {un_obj_adj}.
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
when {X} @arrive at {spot}, {weather}.|cuando {X} @llegar a {spot}, {weather}.
{X} and {Y} ~+walk towards {spot}, where everything ~look {quality}.|{X} y {Y} ~+caminar hacia {spot}, donde todo ~parecer {quality_m}.
{weather}, so {X} @stay at {spot2}.|{weather}, así que {X} @quedarse en {spot2}.
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
{X} @tell {P} why {Y} ~be so {feeling}.|{X} le @explicar a {P} por qué {Y} ~estar tan {feeling_Y}.
because {Y} ~be {feeling}, {X} @{moodact} too.|como {Y} ~estar {feeling_Y}, {X} también @{moodact}.
for a moment {X} ~seem {feeling}, then {Y} @{moodact}.|por un momento {X} ~parecer {feeling_X}, luego {Y} @{moodact}.
""")

THINGS = table("""
the {things} ~+look {quality}.|{los_things} ~+parecer {quality_t}.
near {spot} the {things} ~+seem {quality}, and {X} ~be {feeling}.|cerca de {spot} {los_things} ~+parecer {quality_t}, y {X} ~estar {feeling_X}.
{creature} @{cact} {manner}.|{creature} @{cact} {manner}.
{connector}, {creature} @{cact}, and {X} @{moodact}.|{connector}, {creature} @{cact}, y {X} @{moodact}.
{Q} ~keep some {quality} {things} at {spot}.|{Q} ~guardar {unos_things} {quality_t} en {spot}.
there ~+be {n} {things} at {spot}, all {quality}.|~haber {n} {things_es} en {spot}, {todos_things} {quality_t}.
{X} @show the {things} to {P}, who @{moodact}.|{X} le @enseñar {los_things} a {P}, que @{moodact}.
{creature} ~rest between the {things}, and {Y} @{moodact}.|{creature} ~descansar entre {los_things}, y {Y} @{moodact}.
""")

ACTIVITIES = table("""
{X} and {Y} @+{act} {manner}.|{X} y {Y} @+{act} {manner}.
{X} @{act} {manner} while {Y} ~{act2}.|{X} @{act} {manner} mientras {Y} ~{act2}.
{connector}, {X} @{act}, and {Y} @{moodact}.|{connector}, {X} @{act}, y {Y} @{moodact}.
at {spot}, {X} @{errand} {manner}.|en {spot}, {X} @{errand} {manner}.
{Q} @{errand} {manner}, and {Y} @{act}.|{Q} @{errand} {manner}, y {Y} @{act}.
{manner}, {Y} @{act} beside {spot}.|{manner}, {Y} @{act} junto a {spot}.
{connector}, they @+go to {spot}, {feeling} and quiet.|{connector}, @+ir a {spot}, {feeling_B} y {B_callado}.
{X} @{act} because {Y} ~be {feeling}.|{X} @{act} porque {Y} ~estar {feeling_Y}.
after that, {X} @{act}, and {pet} @come along.|después de eso, {X} @{act}, y {pet} también @venir.
{X} ~want to {act}, but {Y} @{errand} {manner}.|{X} ~querer {act}, pero {Y} @{errand} {manner}.
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
"Hello! Such a {quality} {daypart}!" @{say} {X} to {P}.|"¡Hola! ¡{un_daypart} tan {quality_d}!" @{say} {X} a {P}.
"First {spot}, then home," @{say} {X} {manner}.|"Primero {spot}, luego a casa," @{say} {X} {manner}.
{X} @{say} to {Y}: "Nothing but {quality} {things}!"|{X} le @{say} a {Y}: "¡Solo {things_es} {quality_t}!"
"{pet}, here!" @{say} {X} {manner}.|"¡{pet}, aquí!" @{say} {X} {manner}.
"""),
    "narration": table("""
{X} @{think} that it ~be a {quality} {daypart}.|{X} @{think} que ~ser {un_daypart} {quality_d}.
{X} @{think} that the {things} ~+be {quality}.|{X} @{think} que {los_things} ~+ser {quality_t}.
{X} @{think_about} {spot}, a {quality} place for {Y}.|{X} @{think_about} {spot}, un lugar {quality_m} para {Y}.
{X} @{think_about} {Y} and the {quality} {daypart}.|{X} @{think_about} {Y} y {the_daypart} {quality_d}.
{manner}, {X} @{think_about} the {things}.|{manner}, {X} @{think_about} {los_things}.
{X} @{think} that {Y} ~be {feeling}, so {feeling}.|{X} @{think} que {Y} ~estar {feeling_Y}, tan {feeling_Y}.
in silence, {X} @{think_about} {P} and the {quality} {daypart}.|en silencio, {X} @{think_about} {P} y {the_daypart} {quality_d}.
silently, {X} @{think_about} {spot} and the house {manner}.|calladamente, {X} @{think_about} {spot} y la casa {manner}.
{X} @{think} that {Y} ~see nothing but {quality} {things}.|{X} @{think} que {Y} ~ver solo {things_es} {quality_t}.
without a word, {X} @{think_about} {pet} {manner}.|sin una palabra, {X} @{think_about} {pet} {manner}.
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
# Where the present goes afterwards: it stays with {R}, or goes on to {P}.
KEEPS = table("""
{R} @put {the_obj} in a safe place|{R} @guardar {the_obj} en un lugar seguro
{R} @show {the_obj} to {P}|{R} le @enseñar {the_obj} a {P}
{R} @hold {the_obj} up to the light|{R} @acercar {the_obj} a la luz
{R} @examine {the_obj} from all sides|{R} @examinar {the_obj} por todos lados
""")
PASSES = table("""
{R} @leave {the_obj} with {P}|{R} le @dejar {the_obj} a {P}
{R} @pass {the_obj} on to {P}|{R} le @pasar {the_obj} a {P}
{R} @sell {the_obj} to {P}|{R} le @vender {the_obj} a {P}
{connector}, {P} @take {the_obj} from {R}|{connector}, {P} le @quitar {the_obj} a {R}
""")
# Who has it now: asked aloud or wondered about.
HOLDERS = {
    "dialogue": table("""
"And {the_obj}?" @ask {N}. "With {H}," @reply {Q}.|"¿Y {the_obj}?" @preguntar {N}. "Con {H}," @contestar {Q}.
"Look, {H} and {the_obj}!" @cry out {N}.|"¡Mira, {H} y {the_obj}!" @exclamar {N}.
"And {pet}?" @ask {X}. "At {petspot}," @reply {Y}.|"¿Y {pet}?" @preguntar {X}. "En {petspot}," @contestar {Y}.
"""),
    "narration": table("""
{N} @{think_about} {the_obj}, now with {H}.|{N} @{think_about} {the_obj}, ahora con {H}.
{N} @{think} that {H} ~have {the_obj}.|{N} @{think} que {H} ~tener {the_obj}.
{X} @{think} that {pet} ~be at {petspot}.|{X} @{think} que {pet} ~estar en {petspot}.
"""),
}
RESTS = table("""
{pet} @lie down at {petspot}.|{pet} @acostarse en {petspot}.
{connector}, {pet} @fall asleep at {petspot}.|{connector}, {pet} @dormirse en {petspot}.
{pet} @disappear towards {petspot}.|{pet} @desaparecer hacia {petspot}.
""")
COUNTS = table("""
{C} @count {n1} {things} and {D} {n2}: {sum} in all.|{C} @contar {n1} {things_es} y {D} {n2}: {sum} en total.
{C} @see {n1} {things}, {D} @see {n2}, which @make {sum}.|{C} @ver {n1} {things_es}, {D} @ver {n2}, lo que @sumar {sum}.
with {n1} {things} from {C} and {n2} from {D}, there ~+be {sum}.|con {n1} {things_es} de {C} y {n2} de {D}, ~haber {sum}.
""")
# What comes back to something told earlier.
CALLBACKS = {
    "holder": table("""
{H} still ~have {the_obj}.|{H} todavía ~tener {the_obj}.
{connector}, {H} @clean {the_obj} with care.|{connector}, {H} @limpiar {the_obj} con cuidado.
{the_obj} ~be now in the hands of {H}.|{the_obj} ~estar ahora en manos de {H}.
"""),
    "older": table("""
{O}, the older one, @lead the way home.|{O}, por ser mayor, @guiar el camino a casa.
{U}, the younger one, @lead the way home.|{U}, por ser menor, @guiar el camino a casa.
the older one, {O}, ~walk with {pet}.|por ser mayor, {O} ~caminar con {pet}.
the younger one, {U}, ~walk with {pet}.|por ser menor, {U} ~caminar con {pet}.
"""),
    "rest": table("""
they @+find {pet} again at {petspot}.|@+encontrar otra vez a {pet} en {petspot}.
from {petspot}, {pet} @come back to {X}.|desde {petspot}, {pet} @volver con {X}.
"""),
    "count": table("""
of the {sum} {things}, {n1} ~+belong to {C}.|de {los_things_sum}, {n1} ~+ser de {C}.
of the {sum} {things}, {n2} ~+belong to {D}.|de {los_things_sum}, {n2} ~+ser de {D}.
"""),
}
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
