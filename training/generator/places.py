"""Word lists of the four places: spots, things, creatures and activities, in both languages."""
from __future__ import annotations

from .words import table

PLACES = ("sea", "forest", "city", "farm")

# A spot with its article, never plural.
SPOTS = {
    "sea": table("""
the harbour|el puerto; the beach|la playa; the lighthouse|el faro; the pier|el muelle; the cove|la caleta
the bay|la bahía; the jetty|el espigón; the rocky shore|la orilla rocosa; the tide pool|la poza de marea
the sea wall|el malecón; the sailing club|el club de vela; the lagoon|la laguna; the cliff|el acantilado
the dune|la duna; the shipyard|el astillero; the coral reef|el arrecife
"""),
    "forest": table("""
the clearing|el claro; the pine wood|el pinar; the hollow oak|el roble hueco; the mossy path|el sendero musgoso
the stream|el arroyo; the cave|la cueva; the cabin|la cabaña; the thicket|la espesura; the fern valley|el valle de helechos
the beech grove|el hayedo; the fallen trunk|el tronco caído; the waterfall|la cascada; the hunter's hut|el refugio
the bramble hedge|el zarzal; the hilltop|la cumbre; the footbridge|la pasarela
"""),
    "city": table("""
the square|la plaza; the station|la estación; the museum|el museo; the avenue|la avenida; the theatre|el teatro
the underground|el metro; the cathedral|la catedral; the office tower|la torre de oficinas; the shopping street|la calle comercial
the bus stop|la parada de autobús; the town hall|el ayuntamiento; the cinema|el cine; the café|la cafetería
the skyscraper|el rascacielos; the bookshop|la librería; the traffic light|el semáforo
"""),
    "farm": table("""
the barn|el granero; the orchard|el huerto; the stable|el establo; the wheat field|el trigal; the henhouse|el gallinero
the meadow|el prado; the pigsty|la pocilga; the mill|el molino; the vegetable patch|la huerta de verduras
the haystack|el pajar; the farmyard|el corral; the vineyard|el viñedo; the dairy|la lechería; the well|el pozo
the pasture|la dehesa; the farmhouse|la granja
"""),
}
# Plural things to look at: English | Spanish | gender
THINGS = {
    "sea": table("""
waves|olas|f; gulls|gaviotas|f; shells|conchas|f; boats|barcas|f; crabs|cangrejos|m; sails|velas|f
anchors|anclas|f; fishing nets|redes de pesca|f; buoys|boyas|f; starfish|estrellas de mar|f
dolphins|delfines|m; oars|remos|m; pelicans|pelícanos|m; seaweeds|algas|f; islands|islas|f; ships|navíos|m
"""),
    "forest": table("""
pines|pinos|m; owls|búhos|m; mushrooms|setas|f; squirrels|ardillas|f; acorns|bellotas|f; ferns|helechos|m
branches|ramas|f; deer tracks|huellas de ciervo|f; foxes|zorros|m; brambles|zarzas|f; nests|nidos|m
wolves|lobos|m; badgers|tejones|m; oak leaves|hojas de roble|f; berries|bayas|f; roots|raíces|f
"""),
    "city": table("""
trams|tranvías|m; taxis|coches de alquiler|m; shop windows|escaparates|m; streetlights|farolas|f; buildings|edificios|m
buses|autobuses|m; pavements|aceras|f; balconies|balcones|m; fountains|fuentes|f; pigeons|palomas|f
posters|carteles|m; crossroads|cruces|m; lifts|ascensores|m; rooftops|azoteas|f; bicycles|bicicletas|f; kiosks|quioscos|m
"""),
    "farm": table("""
cows|vacas|f; hens|gallinas|f; sheep|ovejas|f; pumpkins|calabazas|f; tractors|tractores|m; goats|cabras|f
pigs|cerdos|m; horses|caballos|m; cabbages|coles|f; beehives|colmenas|f; ducks|patos|m; furrows|surcos|m
donkeys|burros|m; lambs|corderos|m; turnips|nabos|m; milk pails|cántaros de leche|m
"""),
}
# A single creature, indefinite: English | Spanish
CREATURES = {
    "sea": table("a gull|una gaviota; a seal|una foca; a cormorant|un cormorán; a lobster|una langosta; a dolphin|un delfín; a crab|un cangrejo; a pelican|un pelícano; an otter|una nutria; a turtle|una tortuga marina; a sailor|un marinero; a fisherman|un pescador; a diver|una buceadora"),
    "forest": table("a fox|un zorro; a wild boar|un jabalí; a weasel|una comadreja; an owl|un búho; a deer|un ciervo; a squirrel|una ardilla; a hedgehog|un erizo; a badger|un tejón; a woodpecker|un pájaro carpintero; a woodcutter|un leñador; a ranger|una guardabosques; a bear cub|un osezno"),
    "city": table("a pigeon|una paloma; a shopkeeper|una tendera; a porter|un portero; a taxi driver|un taxista; a street musician|un músico callejero; a policewoman|una policía; a waiter|un camarero; a window cleaner|un limpiacristales; a cyclist|una ciclista; a clown|un payaso;  a street sweeper|una barrendera; a tourist guide|una guía"),
    "farm": table("a hen|una gallina; a duckling|un patito; a mule|una mula; a lamb|un cordero; a goat|una cabra; a rooster|un gallo; a pony|un potro; a farmer|una granjera; a shepherd|un pastor; a calf|un ternero; a goose|un ganso; a milkmaid|una lechera"),
}
# What somebody does there: an event
ACTIVITIES = {
    "sea": table("""
collect shells on the sand|recoger conchas en la arena; row a small boat|remar en un bote
watch the tide|mirar la marea; follow a crab between the rocks|seguir a un cangrejo entre las rocas
mend an old fishing net|remendar una vieja red de pesca; count the sails on the horizon|contar las velas del horizonte
swim near the buoys|nadar cerca de las boyas; dig a channel for the water|cavar un canal para el agua
wash the salt off the oars|limpiar la sal de los remos; draw a whale on the sand|dibujar una ballena en la arena
wait for the ferry|esperar el transbordador; greet the captain of a ship|saludar al capitán de un navío
build a castle of wet sand|construir un castillo de arena mojada; catch a sardine|pescar una sardina
pull the rope of a sail|tirar de la cuerda de una vela; listen to the waves|escuchar las olas
polish the bell of a ship|pulir la campana de un navío; scrape the hull of a boat|raspar el casco de una barca
launch a raft|echar al agua una balsa; gather driftwood on the beach|juntar madera de deriva en la playa
cook mussels in a pot|cocer mejillones en una olla; lower the anchor|bajar el ancla
"""),
    "forest": table("""
gather mushrooms under the pines|recoger setas bajo los pinos; climb an oak|trepar a un roble
follow the tracks of a deer|seguir las huellas de un ciervo; cross the stream on stones|cruzar el arroyo sobre las piedras
light a campfire|encender una hoguera; listen to an owl|escuchar a un búho
cut a branch for firewood|cortar una rama para leña; pick wild berries|recolectar bayas silvestres
hide behind a trunk|ocultarse detrás de un tronco; build a hut of branches|construir una choza de ramas
count the rings of a stump|contar los anillos de un tocón; look for acorns|buscar bellotas
sleep on the moss|dormir sobre el musgo; watch a fox den|vigilar la madriguera de un zorro
carve a name in the bark|grabar un nombre en la corteza; carry pine cones|llevar piñas
pitch a tent among the trees|montar una tienda entre los árboles; drink from the spring|beber del manantial
study the tracks in the mud|examinar las huellas en el barro; weave a crown of ivy|trenzar una corona de hiedra
go round the thicket|rodear la espesura; saw a fallen trunk|serrar un tronco caído
"""),
    "city": table("""
wait for the tram|esperar el tranvía; cross the crowded avenue|cruzar la avenida llena de gente
buy a cinema ticket|comprar una entrada de cine; visit the museum|visitar el museo
look at the shop windows|mirar los escaparates; ride the lift to the rooftop|subir en ascensor a la azotea
feed the pigeons|alimentar a las palomas; photograph a skyscraper|retratar un rascacielos
stop at the traffic light|pararse en el semáforo; read the posters on the wall|leer los carteles de la pared
drink coffee on a terrace|tomar un café en una terraza; chase a bus|correr detrás de un autobús
post a letter at the kiosk|echar una carta en el quiosco; ask a policeman the way|preguntar el camino a un policía
count the floors of a tower|contar los pisos de una torre; queue at the theatre|hacer cola en el teatro
look for a street on the map|buscar una calle en el plano; sit in a crowded café|ocupar una mesa en un café
listen to a street band|oír una banda callejera; climb the stairs of the station|subir las escaleras de la estación
buy a magazine at the corner|comprar una revista en la esquina; hail a taxi|llamar un taxi
"""),
    "farm": table("""
milk the cows|ordeñar las vacas; gather eggs in the henhouse|recoger huevos en el gallinero
lead the sheep to the meadow|guiar las ovejas al prado; plant turnips|plantar nabos
drive the tractor|conducir el tractor; sweep the stable|barrer el establo
pick apples in the orchard|cosechar manzanas en el huerto; ride the donkey|montar en burro
stack the hay|apilar el heno; water the cabbages|regar las coles
brush the pony|cepillar el potro; grind the wheat|moler el trigo
shear a sheep|esquilar una oveja; feed the pigs|dar de comer a los cerdos
mend the fence|arreglar la cerca; carry milk from the dairy|llevar leche de la lechería
rake the straw|rastrillar la paja; harness the mule|enganchar la mula
fill the trough|llenar el abrevadero; prune the vines|podar las viñas
churn the butter|batir la mantequilla; dig up potatoes|sacar patatas de la tierra
"""),
}
# What the creature does: an event
CREATURE_ACTS = table("""
come close to {X}|acercarse a {X}; pass in front of {Y}|pasar por delante de {Y}; look at {X}|mirar a {X}
stop beside {Y}|detenerse junto a {Y}; appear behind {X}|aparecer detrás de {X}; follow {Y}|seguir a {Y}
rest near {X}|descansar cerca de {X}; turn around twice|dar dos vueltas; move away from {Y}|alejarse de {Y}
wait for {X}|esperar a {X}
""")
# Errands that belong to no place: an event
ERRANDS = table("""
carry a suitcase|cargar una maleta; write a long letter|escribir una larga carta; repair a chair|reparar una silla
open an umbrella|abrir un paraguas; look for a lost key|buscar una llave perdida; peel a potato|pelar una patata
tie a shoelace|atar un cordón; cut some paper|recortar papel; wash the dishes|fregar los platos
read an old book|leer un libro antiguo; knit a scarf|tejer una bufanda; fill a bottle|rellenar una botella
pack a rucksack|preparar una mochila; learn a poem|aprender un poema; paint a door|pintar una puerta
measure a table|medir una mesa; study a map|estudiar un mapa; wind up a clock|dar cuerda a un reloj
fold the napkins|doblar las servilletas; close the windows|cerrar las ventanas; make soup|hacer sopa
taste the bread|probar el pan; call {P}|llamar a {P}; talk with {P}|hablar con {P}; help {P}|ayudar a {P}
meet {P}|encontrar a {P}; pay {P}|pagar a {P}; visit {P}|visitar a {P}; teach {P} a game|enseñar un juego a {P}
ask {P} for advice|pedir consejo a {P}
sharpen a pencil|sacar punta a un lápiz; iron a shirt|planchar una camisa; sew on a button|coser un botón
cut a loaf of bread|rebanar un pan; copy a recipe|copiar una receta; sort the letters|ordenar las cartas
wrap a parcel|envolver un paquete; clean the lamps|limpiar las lámparas; look up a word|consultar una palabra
keep quiet|callarse; draw a plan|dibujar un plano; borrow a pen|usar una pluma
""")
