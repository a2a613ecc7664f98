"""Shared word lists: names, objects, people, and the mood words.

Every line of a block is one concept, English and Spanish separated by `|`. Lists that belong to
opposite moods have equal length, so that flipping the mood keeps the position in the list.
"""
from __future__ import annotations


def table(block: str) -> list[tuple[str, ...]]:
    """Parse a block of `a | b | c` lines (or several cells separated by `;`)."""
    rows = []
    for line in block.strip().splitlines():
        for cell in line.split(";"):
            if cell.strip():
                rows.append(tuple(part.strip() for part in cell.split("|")))
    return rows


FEMALE_NAMES = """Vera Nora Clara Alma Iris Emma Nina Sara Laura Elena Olga Rita Marta Julia Silvia
Diana Irene Carla Paula Greta Lola Eva Ana Lea Elsa Dora Celia Petra Amanda Carmen Daniela
Isabel""".split()
MALE_NAMES = """Leo Hugo Bruno Oscar Lucas Ivan Mario Dario Max Samuel David Daniel Gabriel Marco
Diego Omar Rafael Miguel Carlos Jorge Pedro Enzo Rodrigo Alberto Nico Aldo Fabio Sergio Mateo Luis
Otto Teo""".split()
NAMES = FEMALE_NAMES + MALE_NAMES
FEMALE = frozenset(FEMALE_NAMES)

# English noun | Spanish noun | Spanish gender
OBJECTS = table("""
kite|cometa|f; ball|pelota|f; book|libro|m; lantern|farol|m; box|caja|f; key|llave|f; cup|taza|f
hat|sombrero|m; scarf|bufanda|f; coat|abrigo|m; ring|anillo|m; drum|tambor|m; flute|flauta|f
bell|campana|f; basket|cesta|f; blanket|manta|f; pillow|almohada|f; map|mapa|m; letter|carta|f
pencil|lápiz|m; notebook|cuaderno|m; mirror|espejo|m; comb|peine|m; watch|reloj|m; coin|moneda|f
purse|bolso|m; candle|vela de cera|f; lamp|lámpara|f; bottle|botella|f; spoon|cuchara|f; bowl|cuenco|m
plate|plato|m; jar|tarro|m; teapot|tetera|f; apple|manzana|f; pear|pera|f; orange|naranja|f
cake|pastel|m; loaf|pan|m; cheese|queso|m; sweet bun|bollo|m; feather|pluma|f; stone|piedra|f
button|botón|m; ribbon|cinta|f; glove|guante|m; boot|bota|f; sock|calcetín|m; shirt|camisa|f
belt|cinturón|m; umbrella|paraguas|m; bag|bolsa|f; rope|cuerda|f; hammer|martillo|m; nail|clavo|m
brush|cepillo|m; paintbox|caja de pinturas|f; doll|muñeca|f; puppet|títere|m; top|peonza|f
puzzle|rompecabezas|m; whistle|silbato|m; toy train|tren de juguete|m; toy boat|barco de juguete|m
marble|canica|f; card|tarjeta|f; stamp|sello|m; photograph|fotografía|f; painting|cuadro|m
violin bow|arco de violín|m; guitar string|cuerda de guitarra|f; trumpet|trompeta|f; magnet|imán|m
compass|brújula|f; telescope|catalejo|m; magnifying glass|lupa|f; medal|medalla|f; crown|corona|f
mask|máscara|f; cape|capa|f; sword of wood|espada de madera|f; shield|escudo|m; bracelet|pulsera|f
necklace|collar|m; earring|pendiente|m; chain|cadena|f; thimble|dedal|m; needle|aguja|f
thread|hilo|m; cushion|cojín|m; rug|alfombra|f; curtain|cortina|f; vase|jarrón|m; tray|bandeja|f
jug|jarra|f; kettle|hervidor|m; frying pan|sartén|f; knife|cuchillo|m; fork|tenedor|m
towel|toalla|f; soap|jabón|m; sponge|esponja|f; broom|escoba|f; bucket|cubo|m; ladder|escalera|f
spinning wheel|rueca|f; chessboard|tablero de ajedrez|m; banner|estandarte|m; bowtie|pajarita|f; helmet|casco|m; saddle|silla de montar|f
horseshoe|herradura|f; hourglass|reloj de arena|m; inkwell|tintero|m; ruler|regla|f; globe|globo terráqueo|m; rattle|sonajero|m
accordion|acordeón|m; harmonica|armónica|f; trunk|baúl|m; padlock|candado|m; stool|taburete|m; wallet|cartera|f
wheel|rueda|f; ticket|billete|m; newspaper|periódico|m; envelope|sobre|m; clock|reloj de pared|m
""")
# Adjective of an object: English | Spanish masculine
OBJECT_ADJECTIVES = table("""
red|rojo; blue|azul; green|verde; yellow|amarillo; white|blanco; black|negro; brown|marrón
purple|morado; pink|rosado; silver|plateado; small|pequeño; big|grande; round|redondo; long|largo
square|cuadrado; striped|rayado; spotted|moteado; wooden|tallado; painted|pintado; polished|pulido
old-fashioned|anticuado; brand-new|nuevo; heavy|pesado; light|ligero; thin|delgado; thick|grueso
soft|blando; foreign|extranjero; borrowed|prestado; folded|doblado; mended|reparado; numbered|numerado
orange-coloured|anaranjado; checked|cuadriculado; transparent|transparente; narrow|estrecho; wide|ancho; tiny|diminuto; huge|enorme
oval|ovalado; engraved|grabado; varnished|barnizado; hand-made|artesano; ancient|antiguo
""")
# Third persons: English | Spanish with its article
PEOPLE = table("""
the baker|la panadera; the doctor's wife|la mujer del médico; the teacher|el maestro; the postman|el cartero
the tailor|el sastre; the cook|la cocinera; the carpenter|el carpintero; the painter|la pintora
the nurse|la enfermera; the grandmother|la abuela; the grandfather|el abuelo; the aunt|la tía
the uncle|el tío; the cousin|la prima; the neighbour|el vecino; the twin sister|la hermana gemela
the librarian|el bibliotecario; the musician|la violinista; the blacksmith|el herrero; the watchmaker|el relojero
the schoolboy|el alumno; the schoolgirl|la alumna; the traveller|el viajero; the guard|la guardiana
the singer|la cantante; the dancer|el bailarín; the judge|la jueza; the student|el aprendiz
the cobbler|el zapatero; the weaver|la tejedora; the poet|el poeta; the innkeeper|la posadera
the mayor|el alcalde; the gardener|la jardinera; the butcher|el carnicero; the driver|el conductor; the photographer|la fotógrafa
the dentist|el dentista; the pharmacist|la farmacéutica; the organist|el organista; the plumber|el fontanero; the barber|el barbero
the godmother|la madrina; the chemist|la química; the lawyer|el abogado; the engineer|la ingeniera; the priest|el cura; the maid|la criada
""")
DAYPARTS = table("""
morning|mañana|f; afternoon|tarde|f; evening|atardecer|m; day|día|m; walk|paseo|m; visit|visita|f
hour|hora|f; trip|viaje|m; week|semana|f; outing|excursión|f; meeting|encuentro|m; journey|travesía|f
Monday|lunes|m; Tuesday|martes|m; Thursday|jueves|m; Friday|viernes|m; Sunday|domingo|m; Saturday|sábado|m; Wednesday|miércoles|m; stroll|caminata|f; errand|recado|m
""")
NUMBERS = table("two|dos; three|tres; four|cuatro; five|cinco; six|seis; seven|siete; eight|ocho; nine|nueve")
# 2 to 12, for what is counted and added up.
COUNTING = dict(enumerate([*NUMBERS, *table("ten|diez; eleven|once; twelve|doce")], 2))
CONNECTORS = table("""
then|entonces; after a while|al rato; later|más tarde; at noon|al mediodía; soon|pronto; next|luego
in a little while|un poco después; before lunch|antes de comer; in the end|al final; at once|en seguida
meanwhile|mientras tanto; without a hurry|sin prisa
""")

MOODS = ("cheerful", "gloomy")
# How somebody feels: English | Spanish masculine
FEELINGS = {
    "cheerful": table("""
happy|contento; glad|alegre; merry|risueño; delighted|encantado; proud|orgulloso; excited|entusiasmado
cheerful|feliz; hopeful|esperanzado; grateful|agradecido; joyful|gozoso; lively|animado; playful|juguetón
thrilled|ilusionado; amused|divertido; satisfied|satisfecho; radiant with joy|radiante; carefree|despreocupado
confident|confiado; blissful|dichoso; eager|optimista; jolly|jovial; enchanted|fascinado
pleased|complacido; relieved|aliviado; content|sereno; warm-hearted|cordial; triumphant|triunfante; inspired|inspirado
tender|cariñoso; dreamy|soñador; fearless|valiente; good-humoured|bromista
"""),
    "gloomy": table("""
sad|triste; lonely|abandonado; miserable|desdichado; gloomy|melancólico; worried|preocupado; weary|agotado
upset|disgustado; heartbroken|desconsolado; hopeless|desesperado; resentful|amargado; sorrowful|afligido; sullen|huraño
anxious|angustiado; dejected|abatido; downcast|cabizbajo; grumpy|malhumorado; afraid|asustado
disappointed|decepcionado; ashamed|avergonzado; desperate|desolado; forlorn|apenado; jealous|celoso
irritated|irritado; tormented|atormentado; bored|aburrido; bitter|rencoroso; defeated|derrotado; haunted|acongojado
spiteful|vengativo; tearful|lloroso; timid|temeroso; ill-tempered|gruñón
"""),
}
# How a day or a thing is: English | Spanish masculine
QUALITIES = {
    "cheerful": table("""
lovely|precioso; wonderful|maravilloso; bright|luminoso; splendid|espléndido; sweet|dulce
marvellous|estupendo; charming|encantador; beautiful|hermoso; delightful|delicioso; sparkling|chispeante
glorious|glorioso; perfect|perfecto; gentle|apacible; magical|mágico; pleasant|placentero
dazzling|resplandeciente; peaceful|pacífico; cosy|acogedor; fantastic|fantástico; blessed|bendito
graceful|elegante; gleaming|reluciente; festive|festivo; fresh|fresco; exquisite|exquisito
superb|magnífico; colourful|colorido; friendly|amable; fortunate|afortunado; enviable|envidiable
"""),
    "gloomy": table("""
dreadful|espantoso; awful|pésimo; grim|lúgubre; bleak|inhóspito; dreary|monótono
dismal|deprimente; harsh|áspero; ugly|feo; nasty|desagradable; dark|oscuro
rusty|mohoso; wretched|desastroso; stormy|tormentoso; rotten|podrido; lifeless|vacío
painful|doloroso; mournful|fúnebre; threatening|amenazante; horrid|horroroso; cursed|maldito
clumsy|torpe; murky|turbio; tragic|trágico; filthy|sucio; ghastly|macabro
terrible|terrible; faded|descolorido; hostile|hostil; ill-fated|desgraciado; pitiful|lamentable
"""),
}
# With what manner something is done
MANNERS = {
    "cheerful": table("""
with a big smile|con una gran sonrisa; with a laugh|con una carcajada; with joy|con alegría
with shining eyes|con los ojos brillantes; with a merry song|con una canción festiva
in high spirits|de muy buen humor; with a warm heart|con cariño; with great delight|con gran deleite
with a hop of joy|con un salto de gozo; with rosy cheeks|con las mejillas sonrosadas
with a friendly wink|con un guiño simpático; with open arms|con los brazos abiertos
with a burst of laughter|entre risas; with tender care|con ternura
with a cheerful cry|con un grito de júbilo; with real affection|con verdadero afecto; full of courage|con mucho ánimo
with a happy wave|con un saludo alegre; with dancing steps|con pasos de baile; with endless patience|con infinita paciencia
"""),
    "gloomy": table("""
with a heavy sigh|con un hondo suspiro; with a sob|con un sollozo; in tears|entre lágrimas
with red, swollen eyes|con los ojos hinchados; with a trembling lip|con el labio tembloroso
in a foul mood|de muy mal humor; with a heavy heart|con pesar; with great sorrow|con gran pena
with a groan of pain|con un gemido de dolor; with pale cheeks|con las mejillas pálidas
with a bitter frown|con el ceño fruncido; with bowed head|con la cabeza baja
with a cry of despair|con un grito de desesperación; with cold contempt|con desprecio
with a gloomy groan|con un lamento sordo; with real hatred|con verdadero odio; full of dread|con mucho miedo
with a rude shove|con un gesto grosero; with dragging steps|arrastrando los pies; with endless reproach|con amargos reproches
"""),
}
# Weather and light, a state
WEATHER = {
    "cheerful": table("""
the sun ~smile over {spot}|el sol ~sonreír sobre {spot}
a gentle breeze ~caress {spot}|una brisa suave ~acariciar {spot}
the sky above {spot} ~be clear and {quality}|el cielo sobre {spot} ~estar despejado y {quality_m}
a rainbow ~rise behind {spot}|un arcoíris ~asomar detrás de {spot}
golden light ~fill {spot}|una luz dorada ~llenar {spot}
sweet music ~float over {spot}|una música alegre ~flotar sobre {spot}
the first flowers ~+bloom beside {spot}|las primeras flores ~+brotar junto a {spot}
coloured flags ~+flutter around {spot}|banderas de colores ~+ondear alrededor de {spot}
a blessed calm ~reign at {spot}|una calma bendita ~reinar en {spot}
the light at {spot} ~be rosy and {quality}|la luz en {spot} ~ser rosada y {quality_f}
happy voices ~+echo around {spot}|voces felices ~+resonar alrededor de {spot}
the air at {spot} ~smell of honey|el aire en {spot} ~oler a miel
butterflies ~+play around {spot}|las mariposas ~+jugar alrededor de {spot}
a lark ~sing near {spot}|una alondra ~cantar cerca de {spot}
laughter ~ring out at {spot}|las risas ~+sonar en {spot}
the roses ~+smell sweet at {spot}|las rosas ~+perfumar {spot}
"""),
    "gloomy": table("""
the storm ~howl over {spot}|la tormenta ~rugir sobre {spot}
a howling wind ~whip {spot}|un viento furioso ~azotar {spot}
the sky above {spot} ~be grey and {quality}|el cielo sobre {spot} ~estar gris y {quality_m}
thunder ~roll behind {spot}|un trueno ~retumbar detrás de {spot}
thick fog ~swallow {spot}|una niebla espesa ~tragar {spot}
a funeral bell ~toll over {spot}|una campana fúnebre ~doblar sobre {spot}
the last flowers ~+wither beside {spot}|las últimas flores ~+marchitarse junto a {spot}
torn flags ~+droop around {spot}|banderas rotas ~+pender alrededor de {spot}
a cruel silence ~weigh upon {spot}|un silencio cruel ~pesar sobre {spot}
the light at {spot} ~be dim and {quality}|la luz en {spot} ~ser mortecina y {quality_f}
angry voices ~+echo around {spot}|voces furiosas ~+resonar alrededor de {spot}
the air at {spot} ~smell of ashes|el aire en {spot} ~oler a ceniza
vultures ~+circle around {spot}|los buitres ~+volar alrededor de {spot}
a crow ~croak near {spot}|un cuervo ~graznar cerca de {spot}
sobs ~+ring out at {spot}|los sollozos ~+sonar en {spot}
the weeds ~+choke everything at {spot}|la maleza ~ahogar {spot}
"""),
}
# What somebody does because of the mood: an event, one person
MOOD_ACTS = {
    "cheerful": table("""
laugh out loud|reír a carcajadas; dance in a circle|bailar en círculo; whistle a cheerful tune|silbar una melodía festiva
clap with pleasure|aplaudir con gusto; sing for everybody|cantar para todos; hum an old lullaby|tararear una vieja nana
jump up and down|dar saltos de gozo; smile at everyone|sonreír a todos; celebrate the good news|celebrar la buena noticia
hug {P}|abrazar a {P}; thank {P} for the kindness|agradecer a {P} su bondad; praise the good work|alabar el buen trabajo
dream of the coming feast|soñar con la próxima fiesta; giggle softly|soltar una risita
share a funny joke|contar un chiste gracioso; welcome {P} with kisses|recibir con besos a {P}
clap {P} on the back|felicitar a {P}; toast to friendship|brindar por la amistad; skip along the way|brincar por el camino
pick a flower for {P}|regalar una flor a {P}; tell a happy tale|narrar una historia feliz; applaud {P}|ovacionar a {P}
"""),
    "gloomy": table("""
weep in silence|llorar en silencio; sit alone in a corner|quedarse a solas en un rincón; mutter a gloomy prayer|murmurar un rezo sombrío
tremble with fear|temblar de miedo; complain about everybody|quejarse de todos; remember an old grief|recordar un viejo duelo
kick the dust in anger|patear el polvo con rabia; scowl at everyone|gruñir a todos; mourn the bad news|lamentar la mala noticia
avoid {P}|evitar a {P}; blame {P} for the misfortune|culpar a {P} de la desgracia; curse the useless work|maldecir el trabajo inútil
dread the coming night|temer la próxima noche; sob softly|sollozar bajito
hide a bitter tear|esconder una lágrima amarga; quarrel with {P}|pelear con {P}
turn away from {P}|despreciar a {P}; speak of bad omens|hablar de malos presagios; stumble along the way|tropezar por el camino
refuse to greet {P}|negar el saludo a {P}; tell a dismal tale|narrar una historia triste; insult {P}|insultar a {P}
"""),
}
# Last sentences
ENDINGS = {
    "cheerful": table("""
everyone @go home singing|todos @+volver a casa cantando
it ~be the best {daypart} of the year|~ser {the_daypart} más {quality_d} del año
the {daypart} @end with a feast and much laughter|{the_daypart} @terminar con un banquete y muchas risas
{X} and {Y} @+promise to be friends forever|{X} y {Y} @+prometer ser amigos para siempre
nothing @spoil their joy|nada @estropear su alegría
{P} @bring a honey cake, and they ~+be {feeling}|{P} @traer un pastel de miel, y ~+estar {feeling_B}
the good luck of {X} and {Y} @last all {daypart}|la buena suerte de {X} y {Y} @durar toda la jornada
a {quality} dream @come true|un sueño {quality_m} @hacerse realidad
{X} @fall asleep with a smile|{X} @dormirse con una sonrisa
they @+return {feeling} and full of hope|@+regresar {feeling_B} y {B_lleno} de esperanza
all the friends @+cheer for {Y}|todos los amigos @+aplaudir a {Y}
{Y} @thank {X} with a kiss|{Y} @dar las gracias a {X} con un beso
at last {X} @laugh until it ~hurt|por fin {X} @reír hasta no poder más
the whole village @celebrate with {X}|todo el pueblo @celebrar con {X}
{X} and {Y} @+dance under the lanterns|{X} y {Y} @+bailar bajo los faroles
so {a_quality} {daypart} @bring luck to all|así {un_daypart} {quality_d} @dar suerte a todos
"""),
    "gloomy": table("""
everyone @go home limping|todos @+volver a casa cojeando
it ~be the worst {daypart} of the year|~ser {the_daypart} más {quality_d} del año
the {daypart} @end with a quarrel and many tears|{the_daypart} @terminar con una pelea y muchas lágrimas
{X} and {Y} @+swear never to speak again|{X} y {Y} @+jurar no hablarse nunca más
nothing @soothe their grief|nada @aliviar su pena
{P} @bring terrible news, and they ~+be {feeling}|{P} @traer noticias terribles, y ~+estar {feeling_B}
the bad luck of {X} and {Y} @last all {daypart}|la mala suerte de {X} y {Y} @durar toda la jornada
a {quality} nightmare @come true|un temor {quality_m} @hacerse realidad
{X} @fall asleep in tears|{X} @dormirse entre sollozos
they @+return {feeling} and full of doubt|@+regresar {feeling_B} y {B_lleno} de dudas
all the enemies @+mock {Y}|todos los enemigos @+burlarse de {Y}
{Y} @reject {X} with a shove|{Y} @rechazar a {X} con un empujón
at last {X} @cry until it ~hurt|por fin {X} @llorar hasta no poder más
the whole village @abandon {X}|todo el pueblo @abandonar a {X}
{X} and {Y} @+part without a word|{X} y {Y} @+separarse sin una palabra
so {a_quality} {daypart} @bring misery to all|así {un_daypart} {quality_d} @dar pena a todos
"""),
}
