"""English and Spanish word forms: verbs, articles, agreement and contractions.

Only the forms the story generator needs: third person singular and plural, and the first person
singular, in the present and in the past. Spanish has two past forms; an *event* takes the preterite and a *state* the
imperfect.
"""
from __future__ import annotations

import re
from functools import lru_cache

# Past forms that are not base + "ed".
EN_PAST = dict(
    pair.split(":")
    for pair in """
    be:was have:had do:did go:went say:said tell:told think:thought know:knew feel:felt find:found
    give:gave hand:handed lend:lent bring:brought sing:sang swim:swam dig:dug sit:sat stand:stood
    run:ran ride:rode rise:rose shine:shone blow:blew fall:fell draw:drew drink:drank eat:ate
    sleep:slept weep:wept keep:kept sweep:swept creep:crept leave:left lose:lost meet:met build:built
    buy:bought catch:caught take:took make:made write:wrote read:read see:saw hear:heard hold:held
    hang:hung sell:sold send:sent speak:spoke break:broke wake:woke throw:threw grow:grew fly:flew
    feed:fed lead:led light:lit hide:hid spend:spent understand:understood come:came get:got
    begin:began sink:sank shake:shook tear:tore wear:wore freeze:froze choose:chose forget:forgot
    slide:slid spin:spun bend:bent set:set put:put cut:cut let:let lie:lay steal:stole grind:ground
    hurt:hurt weave:wove quarrel:quarrelled shrink:shrank swing:swung bite:bit ring:rang know:knew
    swear:swore wind:wound pay:paid teach:taught drive:drove learn:learned
    """.split()
)
EN_DOUBLING = set("stop hug drop clap plan chat hop skip slip grab pat trim hum sob wrap jog wag drip knit lap tap nod rub stir dip whip".split())
EN_THIRD = {"be": "is", "have": "has", "do": "does", "go": "goes", "echo": "echoes"}

# Stems that change in the present tense (third person), and in the preterite.
ES_PRESENT_STEM = dict(
    pair.split(":")
    for pair in """
    encontrar:encuentr contar:cuent cerrar:cierr pensar:piens sentar:sient jugar:jueg volver:vuelv
    mover:muev empezar:empiez despertar:despiert recordar:recuerd mostrar:muestr soñar:sueñ
    volar:vuel perder:pierd entender:entiend encender:enciend dormir:duerm sentir:sient pedir:pid
    seguir:sigu servir:sirv calentar:calient regar:rieg sembrar:siembr rodar:rued colgar:cuelg
    envolver:envuelv devolver:devuelv extender:extiend tender:tiend repetir:repit elegir:elig
    probar:prueb temblar:tiembl querer:quier tener:tien venir:vien decir:dic oír:oy reír:rí
    sonreír:sonrí remendar:remiend acostar:acuest soltar:suelt despedir:despid vestir:vist
    llover:lluev gemir:gim construir:construy morder:muerd moler:muel tropezar:tropiez
    helar:hiel nevar:niev atravesar:atravies negar:nieg serrar:sierr sonar:suen resonar:resuen cocer:cuec
    guiar:guí apretar:apriet ofrecer:ofrec fregar:frieg
    enterrar:entierr acertar:aciert huir:huy resolver:resuelv oler:huel doler:duel
    asentir:asient desenterrar:desentierr aullar:aúll maullar:maúll continuar:continú
    maldecir:maldic detener:detien invertir:inviert medir:mid pelar:pel
    """.split()
)
ES_PRETERITE = {
    "ser": ("fue", "fueron"), "ir": ("fue", "fueron"), "estar": ("estuvo", "estuvieron"),
    "tener": ("tuvo", "tuvieron"), "hacer": ("hizo", "hicieron"), "poner": ("puso", "pusieron"),
    "traer": ("trajo", "trajeron"), "decir": ("dijo", "dijeron"), "venir": ("vino", "vinieron"),
    "dar": ("dio", "dieron"), "ver": ("vio", "vieron"), "saber": ("supo", "supieron"),
    "querer": ("quiso", "quisieron"), "andar": ("anduvo", "anduvieron"),
    "caer": ("cayó", "cayeron"), "leer": ("leyó", "leyeron"), "oír": ("oyó", "oyeron"),
    "construir": ("construyó", "construyeron"), "huir": ("huyó", "huyeron"),
    "creer": ("creyó", "creyeron"), "reír": ("rió", "rieron"), "sonreír": ("sonrió", "sonrieron"),
    "haber": ("hubo", "hubo"), "roer": ("royó", "royeron"), "maldecir": ("maldijo", "maldijeron"),
    "conducir": ("condujo", "condujeron"), "detener": ("detuvo", "detuvieron"),
    "gruñir": ("gruñó", "gruñeron"), "suponer": ("supuso", "supusieron"),
}
ES_PRETERITE_STEM = {
    "dormir": "durm", "sentir": "sint", "pedir": "pid", "seguir": "sigu", "servir": "sirv",
    "repetir": "repit", "elegir": "elig", "despedir": "despid", "vestir": "vist", "gemir": "gim", "asentir": "asint", "medir": "mid",
}
ES_PRESENT = {
    "ser": ("es", "son"), "ir": ("va", "van"), "estar": ("está", "están"), "dar": ("da", "dan"),
    "ver": ("ve", "ven"), "reír": ("ríe", "ríen"), "sonreír": ("sonríe", "sonríen"),
    "oír": ("oye", "oyen"), "haber": ("hay", "hay"),
}
# First person singular: present and preterite that the rules below do not give.
ES_FIRST_PRESENT = {
    "ser": "soy", "ir": "voy", "estar": "estoy", "dar": "doy", "ver": "veo", "saber": "sé", "oír": "oigo",
    "seguir": "sigo", "tener": "tengo", "hacer": "hago", "decir": "digo", "traer": "traigo", "poner": "pongo",
    "venir": "vengo", "conocer": "conozco", "sonreír": "sonrío", "creer": "creo",
}
ES_FIRST_PRETERITE = {
    "ser": "fui", "ir": "fui", "estar": "estuve", "dar": "di", "ver": "vi", "saber": "supe", "oír": "oí",
    "tener": "tuve", "hacer": "hice", "decir": "dije", "traer": "traje", "poner": "puse", "venir": "vine",
}
ES_IMPERFECT = {"ser": ("era", "eran"), "ir": ("iba", "iban"), "ver": ("veía", "veían"),
                "haber": ("había", "había")}


@lru_cache(maxsize=None)
def conjugate_en(base: str, past: bool, plural: bool) -> str:
    """Third-person form of an English verb given by its base form."""
    if base == "be":
        return ("were" if plural else "was") if past else ("are" if plural else "is")
    if past:
        if base in EN_PAST:
            return EN_PAST[base]
        if base in EN_DOUBLING:
            return base + base[-1] + "ed"
        if base.endswith("e"):
            return base + "d"
        if base.endswith("y") and base[-2] not in "aeiou":
            return base[:-1] + "ied"
        return base + "ed"
    if plural:
        return base
    if base in EN_THIRD:
        return EN_THIRD[base]
    if base.endswith(("s", "sh", "ch", "x", "z")):
        return base + "es"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + "s"


@lru_cache(maxsize=None)
def conjugate_es(infinitive: str, past: bool, plural: bool, state: bool) -> str:
    """Third-person form of a Spanish verb; a reflexive infinitive puts "se" in front."""
    if infinitive.endswith("se") and infinitive[:-2].endswith(("ar", "er", "ir", "ír")):
        return "se " + conjugate_es(infinitive[:-2], past, plural, state)
    index = 1 if plural else 0
    kind = infinitive[-2] if infinitive[-2] != "í" else "i"
    stem = infinitive[:-2]
    if past and state:
        if infinitive in ES_IMPERFECT:
            return ES_IMPERFECT[infinitive][index]
        return stem + {"a": ("aba", "aban")}.get(kind, ("ía", "ían"))[index]
    if past:
        if infinitive in ES_PRETERITE:
            return ES_PRETERITE[infinitive][index]
        stem = ES_PRETERITE_STEM.get(infinitive, stem)
        return stem + {"a": ("ó", "aron")}.get(kind, ("ió", "ieron"))[index]
    if infinitive in ES_PRESENT:
        return ES_PRESENT[infinitive][index]
    stem = ES_PRESENT_STEM.get(infinitive, stem)
    return stem + {"a": ("a", "an")}.get(kind, ("e", "en"))[index]


def first_en(base: str, past: bool) -> str:
    """First person singular of an English verb given by its base form."""
    if base == "be":
        return "was" if past else "am"
    return conjugate_en(base, True, False) if past else base


def first_es(infinitive: str, past: bool, state: bool) -> str:
    """First person singular of a Spanish verb; a reflexive infinitive puts "me" in front."""
    if infinitive.endswith("se") and infinitive[:-2].endswith(("ar", "er", "ir", "ír")):
        return "me " + first_es(infinitive[:-2], past, state)
    if past and state:
        return conjugate_es(infinitive, True, False, True)
    if past:
        if infinitive in ES_FIRST_PRETERITE:
            return ES_FIRST_PRETERITE[infinitive]
        return infinitive[:-2] + ("é" if infinitive[-2] == "a" else "í")
    if infinitive in ES_FIRST_PRESENT:
        return ES_FIRST_PRESENT[infinitive]
    return ES_PRESENT_STEM.get(infinitive, infinitive[:-2]) + "o"


@lru_cache(maxsize=None)
def agree(adjective: str, feminine: bool, plural: bool) -> str:
    """Spanish adjective, given in the masculine singular, in the wanted gender and number."""
    form = adjective
    if feminine:
        if form.endswith("o"):
            form = form[:-1] + "a"
        elif form.endswith("or"):
            form += "a"
        elif form.endswith("ón"):
            form = form[:-2] + "ona"
    if plural:
        if form.endswith("z"):
            form = form[:-1] + "ces"
        elif form.endswith("ón"):
            form = form[:-2] + "ones"
        elif form[-1] in "aeioué":
            form += "s"
        else:
            form += "es"
    return form


def article_en(phrase: str) -> str:
    """Put "a" or "an" in front of an English phrase."""
    return ("an " if phrase[0] in "aeiou" and not phrase.startswith(("uni", "use", "one")) else "a ") + phrase


_A_BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=[aeiou])(?!uni|use|one)")


def articles_en(text: str) -> str:
    """English "a" becomes "an" before a vowel."""
    return _A_BEFORE_VOWEL.sub(r"\1n ", text)


_DE_EL = re.compile(r"\b([Dd])e el\b")
_A_EL = re.compile(r"\b([Aa]) el\b")
_Y_E = re.compile(r"\by (?=[Hh]?[Ií](?![aeo]))")


def contract_es(text: str) -> str:
    """Obligatory Spanish contractions: de el → del, a el → al, y before i- → e."""
    return _Y_E.sub("e ", _A_EL.sub(r"\1l", _DE_EL.sub(r"\1el", text)))


_VERB = re.compile(r"([@~])([+1]?)([^\W\d][\wáéíóúñü]*)")


def conjugate_template(template: str, spanish: bool, past: bool) -> str:
    """Replace the verb marks of a template.

    `@verb` is an event, `~verb` a state; a `+` after the mark makes it plural, a `1` makes it
    the first person singular.
    """

    def replace(match: re.Match) -> str:
        state, plural, verb = match[1] == "~", match[2] == "+", match[3]
        if match[2] == "1":
            return first_es(verb, past, state) if spanish else first_en(verb, past)
        if spanish:
            return conjugate_es(verb, past, plural, state)
        return conjugate_en(verb, past, plural)

    return _VERB.sub(replace, template)
