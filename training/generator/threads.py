"""Word lists of the threads that run through a story: companion, season, narrator, certainty.

Lists of the two values of an attribute are parallel: row k of one side is row k of the other, so that
flipping the attribute keeps the position in the list. Marks and slots are those of `templates`.
"""
from __future__ import annotations

from .words import table

PET_NAMES = """Pip Luna Coco Toby Rocky Mila Simba Kiwi Zeus Canela Lucky Bruma Chispa Momo Trufa Kira Thor Nube
Oreo Gala Rufo Tango Pelusa Duque""".split()

# A pet's coat: English | Spanish masculine
PET_COATS = table("""
white|blanco; black|negro; brown|marrón; grey|gris; spotted|moteado; reddish|rojizo; golden|dorado; striped|atigrado
""")

# The companion's first sentence. {pet} is its name, the same in the whole story.
COMPANION_INTROS = {
    "dog": table("""
beside them ~walk a {coat} dog called {pet}|a su lado ~caminar un perro {coat} llamado {pet}
{X} ~have a {coat} dog called {pet}|{X} ~tener un perro {coat} llamado {pet}
a dog named {pet} ~follow {Y} everywhere|un perro llamado {pet} ~seguir a {Y} a todas partes
{pet}, the {coat} dog of {X}, ~run ahead of them|{pet}, el perro {coat} de {X}, ~correr delante de {ellos}
{P} @bring along a puppy called {pet}|{P} @venir con un cachorro llamado {pet}
a {coat} dog, {pet}, ~wait at {petspot}|un perro {coat}, {pet}, ~esperar en {petspot}
"""),
    "cat": table("""
beside them ~walk a {coat} cat called {pet}|a su lado ~caminar un gato {coat} llamado {pet}
{X} ~have a {coat} cat called {pet}|{X} ~tener un gato {coat} llamado {pet}
a cat named {pet} ~follow {Y} everywhere|un gato llamado {pet} ~seguir a {Y} a todas partes
{pet}, the {coat} cat of {X}, ~run ahead of them|{pet}, el gato {coat} de {X}, ~correr delante de {ellos}
{P} @bring along a kitten called {pet}|{P} @venir con un gatito llamado {pet}
a {coat} cat, {pet}, ~wait at {petspot}|un gato {coat}, {pet}, ~esperar en {petspot}
"""),
}
# What the companion does: an event
COMPANION_ACTS = {
    "dog": table("""
bark at {creature}|ladrar a {creature}; bark twice|ladrar dos veces; dig up a bone|desenterrar un hueso
fetch a stick for {X}|traer un palo para {X}; growl at a shadow|gruñir a una sombra; howl for a while|aullar un rato
pull at the leash|tirar de la correa; bury a bone near {petspot}|enterrar un hueso cerca de {petspot}
gnaw on a bone|roer un hueso; wag its tail beside {Y}|menear el rabo junto a {Y}
sniff the shoes of {X}|olfatear los zapatos de {X}; put a paw on the knee of {Y}|poner una pata en la rodilla de {Y}
run after a stick|correr tras un palo; guard the bag of {Y} like a good dog|vigilar la bolsa de {Y} como buen perro
"""),
    "cat": table("""
hiss at {creature}|bufar a {creature}; meow twice|maullar dos veces; catch a mouse|cazar un ratón
drop a mouse before {X}|dejar un ratón ante {X}; arch its back at a shadow|arquear el lomo ante una sombra; purr for a while|ronronear un rato
play with a ball of wool|jugar con un ovillo; sharpen its claws near {petspot}|afilarse las uñas cerca de {petspot}
lap up some milk|beber leche a lengüetazos; purr beside {Y}|ronronear junto a {Y}
rub against the legs of {X}|frotarse contra las piernas de {X}; curl up on the lap of {Y}|acurrucarse en el regazo de {Y}
climb after a mouse|trepar tras un ratón; lick its whiskers beside {Y} like a good cat|lamerse los bigotes junto a {Y} como buen gato
"""),
}
COMPANIONS = {
    "dog": table("""
{pet} @{petact}.|{pet} @{petact}.
{connector}, {pet} @{petact}.|{connector}, {pet} @{petact}.
{pet} @{petact}, and {Y} ~be {feeling}.|{pet} @{petact}, y {Y} ~estar {feeling_Y}.
{X} @call the dog, and {pet} @{petact}.|{X} @llamar al perro, y {pet} @{petact}.
while {X} ~{errand}, {pet} @{petact}.|mientras {X} ~{errand}, {pet} @{petact}.
"""),
    "cat": table("""
{pet} @{petact}.|{pet} @{petact}.
{connector}, {pet} @{petact}.|{connector}, {pet} @{petact}.
{pet} @{petact}, and {Y} ~be {feeling}.|{pet} @{petact}, y {Y} ~estar {feeling_Y}.
{X} @call the cat, and {pet} @{petact}.|{X} @llamar al gato, y {pet} @{petact}.
while {X} ~{errand}, {pet} @{petact}.|mientras {X} ~{errand}, {pet} @{petact}.
"""),
}

SEASONS = {
    "summer": table("""
it ~be the middle of July|~ser pleno julio
the heat of August ~lie over {spot}|el calor de agosto ~caer sobre {spot}
{X} ~wear a straw hat and sandals|{X} ~llevar un sombrero de paja y sandalias
{Y} @drink iced lemonade in the shade|{Y} @beber limonada helada a la sombra
swallows ~+fly over {spot}|las golondrinas ~+volar sobre {spot}
{X} @eat a slice of watermelon|{X} @comer una tajada de sandía
the crickets ~+chirp near {spot}|los grillos ~+cantar cerca de {spot}
mosquitoes ~+buzz around {Y}|los mosquitos ~+zumbar alrededor de {Y}
{Y} @look for shade at {spot}|{Y} @buscar sombra en {spot}
{X} @buy a strawberry ice cream|{X} @comprar un helado de fresa
the long June day ~seem endless|el largo día de junio ~parecer eterno
{X} @rub sun cream on both arms|{X} @untarse crema solar en los brazos
sunflowers ~+stand in a row at {spot}|los girasoles ~+formar una hilera en {spot}
{Y} @share some ripe peaches with {P}|{Y} @compartir unos melocotones maduros con {P}
the summer holidays ~+go on|las vacaciones de verano ~+continuar
{Y} ~walk barefoot, as in every summer|{Y} ~caminar sin zapatos, como todos los veranos
{P} @wave a paper fan against the heat|{P} @agitar un abanico contra el calor
fireflies ~+glow around {spot}|las luciérnagas ~+relucir alrededor de {spot}
"""),
    "winter": table("""
it ~be the middle of January|~ser pleno enero
the frost of December ~lie over {spot}|la escarcha de diciembre ~caer sobre {spot}
{X} ~wear a fur cap and mittens|{X} ~llevar un gorro de piel y mitones
{Y} @drink hot broth by the stove|{Y} @beber caldo caliente junto a la estufa
snowflakes ~+fly over {spot}|los copos de nieve ~+volar sobre {spot}
{X} @eat a handful of roast chestnuts|{X} @comer un puñado de castañas asadas
the icicles ~+drip near {spot}|los carámbanos ~+gotear cerca de {spot}
snowballs ~+land around {Y}|las bolas de nieve ~+caer alrededor de {Y}
{Y} @look for a fireplace at {spot}|{Y} @buscar una chimenea en {spot}
{X} @buy a mug of hot cocoa|{X} @comprar un tazón de cacao caliente
the short February day ~seem over already|el breve día de febrero ~parecer acabado
{X} @pull a woollen jumper over both arms|{X} @ponerse un jersey de lana sobre los brazos
snowmen ~+stand in a row at {spot}|los muñecos de nieve ~+formar una hilera en {spot}
{Y} @share some dried figs with {P}|{Y} @compartir unos higos secos con {P}
the winter holidays ~+go on|las vacaciones de invierno ~+continuar
{Y} ~walk on skates, as in every winter|{Y} ~caminar con patines, como todos los inviernos
{P} @throw a log on the fire against the chill|{P} @echar un leño al fuego contra la helada
sledges ~+glide around {spot}|los trineos ~+deslizarse alrededor de {spot}
"""),
}

# Somebody who tells what they saw: "I", or an onlooker. `@1verb` is the first person singular.
NARRATORS = {
    "first-person": table("""
I ~1follow them at a distance|yo {los} ~1seguir a distancia
I ~1be there too, a few steps behind|yo también ~1estar allí, unos pasos atrás
I @1wave to {X} from {spot}|yo @1saludar a {X} desde {spot}
{X} @look at me and @nod|{X} me @mirar y @asentir
I @1sit down next to {Y}|yo @1sentarse al lado de {Y}
{Y} @ask me the time|{Y} me @preguntar la hora
I @1write it all down in my diary|yo lo @1anotar todo en mi diario
I @1help {X} with my own hands|yo @1ayudar a {X} con mis propias manos
{P} @introduce me to {Y}|{P} me @presentar a {Y}
my own house ~be near {spot}|mi propia casa ~estar cerca de {spot}
I ~1know {X} and {Y} well|yo ~1conocer bien a {X} y a {Y}
I @1walk with {Y} to {spot}|yo @1caminar con {Y} hasta {spot}
"""),
    "onlooker": table("""
a stranger ~follow them at a distance|un forastero {los} ~seguir a distancia
a stranger ~be there too, a few steps behind|un forastero también ~estar allí, unos pasos atrás
an onlooker @wave to {X} from {spot}|un curioso @saludar a {X} desde {spot}
{X} @look at an onlooker and @nod|{X} @mirar a un curioso y @asentir
a passer-by @sit down next to {Y}|un transeúnte @sentarse al lado de {Y}
{Y} @ask a passer-by the time|{Y} le @preguntar la hora a un transeúnte
a reporter @write it all down in his notes|un cronista lo @anotar todo en sus notas
a stranger @help {X} with his strong hands|un forastero @ayudar a {X} con manos fuertes
{P} @introduce a reporter to {Y}|{P} @presentar un cronista a {Y}
a stranger's house ~be near {spot}|la casa de un forastero ~estar cerca de {spot}
an onlooker ~know {X} and {Y} well|un curioso ~conocer bien a {X} y a {Y}
a passer-by @walk with {Y} to {spot}|un transeúnte @caminar con {Y} hasta {spot}
"""),
}
# Put before a whole sentence: who saw it.
NARRATOR_FRAMES = {
    "first-person": table("""
I @1see that|yo @1ver que; I @1notice that|yo @1notar que; I ~1remember that|yo ~1recordar que
I @1hear that|yo @1oír que; I ~1know that|yo ~1saber que
"""),
    "onlooker": table("""
a stranger @see that|un forastero @ver que; an onlooker @notice that|un curioso @notar que; a witness ~remember that|un testigo ~recordar que
a passer-by @hear that|un transeúnte @oír que; a reporter ~know that|un cronista ~saber que
"""),
}

# Put before a sentence: how sure the telling is.
CERTAINTY_FRAMES = {
    "certain": table("""
certainly|ciertamente; of course|por supuesto; without a doubt|sin duda alguna; clearly|claramente
naturally|naturalmente; in truth|en verdad; indeed|en efecto; obviously|obviamente; definitely|definitivamente
as everyone knows|como todos saben; beyond question|indiscutiblemente; as is well known|como es bien sabido
"""),
    "doubtful": table("""
perhaps|quizá; maybe|tal vez; possibly|posiblemente; apparently|aparentemente
presumably|presuntamente; by some accounts|según algunos; by one account|según una versión; supposedly|supuestamente; probably|probablemente
as rumour has it|según los rumores; by all appearances|al parecer; if the tale is true|si el cuento no engaña
"""),
}
# Claims that the frames of certainty introduce.
CLAIMS = table("""
{P} ~live near {spot}|{P} ~vivir cerca de {spot}
{X} ~know the way to {spot}|{X} ~conocer el camino a {spot}
{Y} ~have the key to the house|{Y} ~tener la llave de la casa
the road ~lead to {spot2}|el camino ~llevar a {spot2}
{Q} ~own the land around {spot}|{Q} ~poseer la tierra alrededor de {spot}
{X} and {Y} ~+be neighbours|{X} y {Y} ~+ser {B_vecino}
{P} ~be the cousin of {X}|{P} ~ser pariente de {X}
there ~be a school behind {spot}|~haber una escuela detrás de {spot}
{Y} ~speak two languages|{Y} ~hablar dos idiomas
the village ~be two hundred years old|el pueblo ~tener doscientos años
{X} ~come from another town|{X} ~venir de otra ciudad
{Q} ~work for {P}|{Q} ~trabajar para {P}
""")
