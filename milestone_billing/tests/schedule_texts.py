"""Payment schedules as people have them, and what they say."""

from decimal import Decimal

from ..models.pasting.written import Notation

ENGLISH = Notation(currency="USD", symbol="$")
GERMAN = Notation(
    decimal=",", thousands=".", date_order="dmy", currency="EUR", symbol="€"
)
ARABIC = Notation(
    decimal="٫", thousands="٬", date_order="dmy", currency="SAR", symbol="SR"
)

SPREADSHEET = """\
Stage\tWhat must be true\tShare\tAmount\tDue
Deposit\tContract signed\t30%\t$3,000.00\t12/05/2026
Designs approved\tWritten approval of all pages\t40%\t$4,000.00\t01/15/2027
Final payment\tLive for seven days\t30%\t$3,000.00\t03/01/2027
Total\t\t100%\t$10,000.00\t
"""

E_MAIL = """\
Hi Anna,

thanks for the call. As agreed we would pay 30 % on signing, 40 % on approval of the
designs by 15 January 2027, and the balance on delivery.

Best regards
Tom Miller, +1 212 555 0100
"""

CSV = """\
Nr.;Leistung;Voraussetzung;Anteil;Betrag netto;Fällig am
1;Anzahlung;Auftrag erteilt;30 %;3.000,00 €;05.12.2026
2;Entwurf;"Freigabe; alle Seiten";40 %;4.000,00 €;15.01.2027
3;Schlussrechnung;Abnahme;30 %;3.000,00 €;
Summe;;;100 %;10.000,00 €;
"""

PDF = """\
Zahlungsplan
Pos. Leistung Anteil Betrag Termin
1. Anzahlung bei Auftragserteilung 30 % 4.500,00 € 05.12.2026
2. Fertigstellung Rohbau (40 %) 6.000,00 € 15.03.2027
3. Rest bei Abnahme
Gesamtsumme netto 15.000,00 €
Seite 1 von 1
"""

MARKDOWN = """\
| م | المرحلة | الشرط | النسبة | المبلغ | التاريخ |
|---|:--------|:------|-------:|-------:|---------|
| ١ | دفعة مقدمة | توقيع العقد | ٣٠٪ | ٣٬٠٠٠٫٠٠ ر.س | ٥ ديسمبر ٢٠٢٦ |
| ٢ | التصاميم | اعتماد التصاميم | ٤٠٪ | ٤٬٠٠٠٫٠٠ ر.س | ١٥/٠١/٢٠٢٧ |
| ٣ | التسليم | توقيع محضر الاستلام | الباقي | | |
| | المجموع | | | ١٠٬٠٠٠٫٠٠ ر.س | |
"""

TEXTS = {
    "spreadsheet": (
        SPREADSHEET,
        ENGLISH,
        [
            (
                *("Deposit", "Contract signed", "deposit", "percent"),
                *(30.0, 3000.0, "2026-12-05"),
            ),
            (
                *("Designs approved", "Written approval of all pages", "progress"),
                *("percent", 40.0, 4000.0, "2027-01-15"),
            ),
            (
                *("Final payment", "Live for seven days", "final", "percent"),
                *(30.0, 3000.0, "2027-03-01"),
            ),
        ],
        [],
        Decimal("10000.00"),
    ),
    "e-mail": (
        E_MAIL,
        ENGLISH,
        [
            ("Signing", "", "progress", "percent", 30.0, None, None),
            (
                *("Approval of the designs", "", "progress", "percent"),
                *(40.0, None, "2027-01-15"),
            ),
            ("Balance", "delivery", "final", "balance", None, None, None),
        ],
        [(1, "no_share"), (6, "no_share"), (7, "no_share")],
        None,
    ),
    "csv": (
        CSV,
        GERMAN,
        [
            (
                *("Anzahlung", "Auftrag erteilt", "deposit", "percent"),
                *(30.0, 3000.0, "2026-12-05"),
            ),
            (
                *("Entwurf", "Freigabe; alle Seiten", "progress", "percent"),
                *(40.0, 4000.0, "2027-01-15"),
            ),
            (
                *("Schlussrechnung", "Abnahme", "final", "percent"),
                *(30.0, 3000.0, None),
            ),
        ],
        [],
        Decimal("10000.00"),
    ),
    "pdf": (
        PDF,
        GERMAN,
        [
            (
                *("Anzahlung", "Auftragserteilung", "deposit", "percent"),
                *(30.0, 4500.0, "2026-12-05"),
            ),
            (
                *("Fertigstellung Rohbau", "", "progress", "percent"),
                *(40.0, 6000.0, "2027-03-15"),
            ),
            ("Rest", "Abnahme", "final", "balance", None, None, None),
        ],
        [(1, "no_share"), (7, "no_share")],
        Decimal("15000.00"),
    ),
    "markdown": (
        MARKDOWN,
        ARABIC,
        [
            (
                *("دفعة مقدمة", "توقيع العقد", "deposit", "percent"),
                *(30.0, 3000.0, "2026-12-05"),
            ),
            (
                *("التصاميم", "اعتماد التصاميم", "progress", "percent"),
                *(40.0, 4000.0, "2027-01-15"),
            ),
            (
                *("التسليم", "توقيع محضر الاستلام", "final", "balance"),
                *(None, None, None),
            ),
        ],
        [],
        Decimal("10000.00"),
    ),
}
"""By name: text, notation, stages as tuples, lines not understood, total."""
