"""A cellar to look at on the first day. Regions and grapes are real; the estates are invented."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from cellar.store import journal, racks
from cellar.store.database import db, now
from cellar.store.models import Bottle, Cheer, Person, Tasting

RACKS = [("North wall", 8, 12), ("The arch", 6, 10), ("Under the stairs", 5, 6)]

# Ages in years rather than vintages, so that the cellar is never out of date:
# name, producer, colour, age, region, country, grapes, price, drink from and until (ages), rack, count
WINES: list[tuple[str, str, str, int | None, str, str, str, int, int, int, int, int]] = [
    ("Southerly", "Kōwhai Bend", "white", 3, "Marlborough", "New Zealand", "Sauvignon Blanc", 1900, 1, 3, 2, 4),
    ("Clos du Merle", "Château Tressan", "red", 14, "Bordeaux", "France", "Merlot, Cabernet Franc", 5400, 8, 15, 1, 9),
    ("Brut Nature", "Vve. Lantenay", "sparkling", None, "Champagne", "France", "Pinot Meunier", 4600, 0, 0, 1, 6),
    ("Côte Brune", "Domaine Vasselin", "red", 10, "Rhône", "France", "Syrah, Viognier", 6800, 7, 16, 1, 6),
    ("Schieferberg", "Weingut Hallgarten-Au", "white", 4, "Mosel", "Germany", "Riesling", 2400, 2, 15, 1, 6),
    ("Vieilles Tours", "Château Belbrac", "red", 9, "Bordeaux", "France", "Cabernet Sauvignon", 4200, 11, 20, 1, 8),
    ("Les Caillottes", "Henri Fouassin", "white", 2, "Loire", "France", "Sauvignon Blanc", 2100, 1, 4, 2, 6),
    ("Piedra Lunar", "Finca Tres Ríos", "red", 5, "Mendoza", "Argentina", "Malbec", 2400, 3, 10, 3, 5),
    ("Heure Bleue", "Mas Calanquet", "rose", 1, "Provence", "France", "Grenache, Cinsault", 1600, 0, 2, 1, 5),
    ("Poggio Alto", "Tenuta Sant'Elmo", "red", 8, "Tuscany", "Italy", "Sangiovese", 3600, 5, 14, 1, 8),
    ("Altenbourg", "Maison Freudel", "white", 7, "Alsace", "France", "Gewürztraminer", 2600, 2, 8, 2, 3),
    ("Steinriegel", "Gut am Ried", "white", 6, "Wachau", "Austria", "Grüner Veltliner", 2900, 3, 10, 1, 5),
    ("Kap Rubin", "Ou Kelder", "red", 7, "Stellenbosch", "South Africa", "Cabernet Sauvignon", 3100, 4, 13, 3, 3),
    ("La Serra", "Cascina Mondello", "red", 5, "Piedmont", "Italy", "Barbera", 1900, 2, 6, 1, 7),
    ("Corpinnat Roc", "Can Figuerola", "sparkling", 5, "Penedès", "Spain", "Xarel·lo", 2500, 3, 8, 3, 4),
    ("Terrasses Hautes", "Domaine Vasselin", "red", 3, "Rhône", "France", "Grenache, Mourvèdre", 2300, 4, 12, 2, 6),
    ("Foral", "Adega Ribadiso", "white", 2, "Rías Baixas", "Spain", "Albariño", 1700, 1, 4, 1, 6),
    ("Bricco dei Tassi", "Fratelli Corvo", "red", 11, "Piedmont", "Italy", "Nebbiolo", 5900, 13, 24, 1, 6),
    ("Quinta da Névoa", "Irmãos Seixas", "red", 6, "Douro", "Portugal", "Touriga Nacional", 2700, 4, 14, 2, 6),
    ("Goldkapsel", "Weingut Hallgarten-Au", "sweet", 17, "Mosel", "Germany", "Riesling", 8800, 8, 40, 1, 2),
    ("Les Murgers", "Aubert & Filles", "red", 7, "Burgundy", "France", "Pinot Noir", 7400, 5, 12, 1, 5),
    ("Terre di Fumo", "Vigneti Scarpara", "white", 3, "Sicily", "Italy", "Carricante", 2800, 2, 8, 2, 5),
    ("Viña Caracola", "Bodegas Ibarrieta", "red", 15, "Rioja", "Spain", "Tempranillo, Graciano", 3300, 8, 16, 2, 5),
    ("Rosa di Mare", "Cantina Arenile", "rose", 2, "Abruzzo", "Italy", "Montepulciano", 1300, 0, 2, 3, 3),
    ("Sous la Roche", "Domaine Perrault-Gy", "white", 5, "Burgundy", "France", "Chardonnay", 5200, 6, 11, 1, 4),
    ("Blaufels", "Gut am Ried", "red", 6, "Burgenland", "Austria", "Blaufränkisch", 2600, 4, 11, 2, 4),
    ("Cuvée des Brumes", "Château Lacabane", "sweet", 13, "Sauternes", "France", "Sémillon", 6100, 6, 30, 2, 4),
    ("Millésime", "Duhamel Frères", "sparkling", 12, "Champagne", "France", "Chardonnay", 9200, 8, 18, 3, 3),
    ("Le Clos Sec", "Famille Rabouin", "white", 9, "Loire", "France", "Chenin Blanc", 3400, 4, 20, 2, 3),
    ("Les Ombres", "Celler Matallops", "red", 8, "Priorat", "Spain", "Garnacha, Cariñena", 4700, 9, 15, 2, 4),
    ("Colheita", "Irmãos Seixas", "sweet", 24, "Douro", "Portugal", "Touriga Franca", 5600, 8, 45, 3, 2),
    ("Kalk", "Weingut Loibner-Stein", "white", 1, "Kamptal", "Austria", "Riesling", 2200, 3, 12, 2, 4),
    ("Long Gully", "Mount Harrow", "red", 9, "Barossa", "Australia", "Shiraz", 4400, 10, 17, 2, 3),
    ("Trocken am See", "Sektgut Brandau", "sparkling", 4, "Rheinhessen", "Germany", "Pinot Blanc", 2300, 2, 6, 3, 2),
]  # fmt: skip

STORIES = {
    "Côte Brune": "Carried home by train from the estate, wrapped in two jumpers. Decant for an hour.",
    "Clos du Merle": "Bought the year the roof leaked. Last ones should not wait much longer.",
    "Schieferberg": "Slate, lime and a little smoke. Opens slowly: leave the second half for tomorrow.",
    "Heure Bleue": "The house rosé of the summer. Drink it up before the leaves turn.",
    "Brut Nature": "No sugar added, no occasion needed.",
}

# who (1 or 2), bottle, glasses, note, days ago
TASTINGS = [
    (1, "Viña Caracola", 4, "Leather, dried cherry, cedar. Past its youth and better for it.", 44),
    (2, "Les Caillottes", 4, "Gooseberry and wet stone. Gone before the fish was.", 23),
    (1, "La Serra", 3, "Juicy and bright, a little sharp alone. Wants tomatoes.", 19),
    (2, "Schieferberg", 5, "Lime, slate, endless. We stopped talking for a minute.", 12),
    (1, "Côte Brune", 5, "Violets, olive, smoked meat. Decanting was right.", 6),
    (2, "Heure Bleue", 3, "Peach skin and salt. Summer in a hurry.", 3),
    (1, "Poggio Alto", 4, "Sour cherry, tobacco, fine dry grip. Keep the rest two years.", 1),
]


def fill_once() -> bool:
    """Fill a cellar that nobody uses yet, and say whether it was done.

    Several processes may try at once: the first person's name is unique, so one of them wins, and all that
    it does is one transaction.
    """
    if db.session.scalar(select(Person.id).limit(1)) is not None:
        return False
    # "!" is the hash of no password: nobody can sign in as these two.
    ada, bruno = (
        Person(name=name, key=name.casefold(), password="!", joined_at=_days_ago(90))
        for name in ("Ada", "Bruno")
    )
    try:
        with db.transaction() as session:
            session.add_all([ada, bruno])
            session.flush()
            _tell([ada.id, bruno.id], _lay())
    except IntegrityError:
        db.session.rollback()
        if db.session.scalar(select(Person.id).limit(1)) is None:
            raise
        return False
    return True


def _days_ago(days: float) -> datetime:
    return now() - timedelta(days=days)


def _lay() -> dict[str, Bottle]:
    """Build the racks and lay the bottles; returns them by name."""
    built = [racks.build(*rack) for rack in RACKS]
    year = date.today().year
    laid: dict[str, Bottle] = {}
    for name, producer, colour, age, region, country, grapes, price, start, end, rack, count in WINES:
        vintage = None if age is None else year - age
        laid[name] = Bottle(
            name=name,
            producer=producer,
            vintage=vintage,
            colour=colour,
            region=region,
            country=country,
            grapes=grapes,
            price_cents=price,
            drink_from=vintage and vintage + start,
            drink_until=vintage and vintage + end,
            story=STORIES.get(name, ""),
        )
        db.session.add(laid[name])
        db.session.flush()
        racks.shelve(built[rack - 1].id, laid[name].id, count)
    return laid


def _tell(people: list[int], laid: dict[str, Bottle]) -> None:
    """Tasting notes and the journal, dated back."""
    entries = [(2, "added", "Southerly", 30.0), (1, "shelved", "Long Gully", 9.0), (2, "added", "Kalk", 2.2)]
    for who, name, rating, note, days_ago in TASTINGS:
        racks.take(laid[name].id)
        db.session.add(
            Tasting(
                bottle_id=laid[name].id,
                person_id=people[who - 1],
                rating=rating,
                note=note,
                tasted_at=_days_ago(days_ago),
            )
        )
        entries.append((who, "opened", name, float(days_ago)))
    for who, verb, name, days in sorted(entries, key=lambda entry: -entry[3]):
        activity = journal.record(people[who - 1], verb, laid[name].title, laid[name].id)
        activity.at = _days_ago(days)
        if verb == "opened":
            db.session.add(Cheer(activity_id=activity.id, person_id=people[2 - who]))
