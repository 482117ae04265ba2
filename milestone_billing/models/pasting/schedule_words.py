"""The words by which a written schedule is understood; all languages are tried."""

import re

# what differs between two ways to write one word, in Arabic
_SAME = str.maketrans(
    "أإآى", "اااي", "\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"
)
_WORD = re.compile(r"[^\W\d_]+")


def fold(text):
    """Return a text as it is compared.

    >>> fold("Schluß"), fold("الأخيرة")
    ('schluss', 'الاخيرة')
    """
    return text.casefold().translate(_SAME)


def get_words(text):
    """Return the words of a text, in order, as they are compared.

    >>> get_words("1. Down-payment (30 %)")
    ['down', 'payment']
    """
    return _WORD.findall(fold(text))


def is_multiple(word):
    """Whether a word, as it is compared, makes a number another one.

    >>> is_multiple("mio"), is_multiple("kusd"), is_multiple("usd")
    (True, True, False)
    """
    return word in MULTIPLES or (word[:1] in ("k", "t") and word[1:] in CODES)


def _words(text):
    return frozenset(get_words(text))


DEPOSIT = _words(
    "deposit downpayment upfront prepayment retainer advance"
    " anzahlung vorauszahlung vorkasse vorschuss akonto"
    " مقدمة المقدمة مقدم المقدم مقدما عربون العربون سلفة"
)
DEPOSIT_PAIRS = (("down", "payment"), ("up", "front"))
REST = _words(
    "rest balance remainder remaining"
    " restbetrag restzahlung restsumme restliche restlicher verbleibende"
    " الباقي باقي المتبقي المتبقية الرصيد"
)
FINAL = _words(
    "final last closing"
    " schlusszahlung schlussrate schlussrechnung abschlusszahlung endzahlung letzte"
    " ختامية الختامية نهائية النهائية اخيرة الاخيرة"
)
TOTAL = _words(
    "total sum subtotal"
    " summe gesamt gesamtsumme gesamtbetrag auftragssumme vertragssumme zwischensumme"
    " المجموع مجموع الاجمالي اجمالي"
)
TAX = _words("vat tax gst mwst ust umsatzsteuer mehrwertsteuer ضريبة الضريبة بالضريبة")
# what may stand beside the word of a total
BESIDE_TOTAL = (
    TOTAL
    | TAX
    | _words(
        "incl including plus excl excluding inkl einschließlich zzgl zuzüglich exkl شامل مع"
        " grand contract order project amount price value net of the in all stages milestones"
        " auftrag projekt vertrag netto betrag der des aller stufen meilensteine"
        " العقد قيمة مبلغ المبلغ المشروع الصافي الكلي"
    )
)
ARTICLES = _words("the der die das den dem")
# between a figure and what it is paid for
FILLERS = _words(
    "of for in by due payable is are the an a and then as agreed we you will would pay"
    " von für in höhe fällig zahlbar am bis zum und der die das sowie dann wir zahlen"
    " بقيمة بنسبة بمبلغ من في مقابل حتى ثم تدفع ندفع سندفع يدفع"
) | {"و"}
# what follows must be true for the stage to be done
TRIGGERS = _words(
    "on upon at after when once following bei beim nach sobald wenn عند بعد لدى حين فور"
)
BEFORE_TAX = _words(
    "plus excl excluding before net zzgl exkl zuzüglich netto بدون دون قبل"
)
# whose percentage it is
OF = _words("of von vom من")
# what is taken off is no stage
OFF = _words(
    "minus less discount off refund rebate"
    " abzüglich rabatt skonto nachlass gutschrift erstattung"
    " خصم الخصم ناقص"
)
# a share that several stages have, or nobody knows yet
REPEATED = _words(
    "each every monthly weekly quarterly per month week quarter"
    " je jeweils monatlich wöchentlich pro monat woche quartal"
    " لكل كل شهريا شهري اسبوعيا"
)
ABOUT = _words(
    "about approx approximately around roughly circa ca max min maximum minimum least"
    " between up more than or"
    " etwa ungefähr rund mindestens höchstens maximal minimal zwischen oder"
    " حوالي تقريبا نحو بين او"
)
TO = _words("to bis or oder and und الى او")
MULTIPLES = _words(
    "k m mio mrd tsd tds bn thousand hundred million millions billion"
    " tausend hundert million millionen milliarden"
    " الف الاف مليون مئة مليار"
)

HEADERS = {
    "skipped": _words(
        "gross brutto vat tax mwst ust cumulative kumuliert paid bezahlt status"
        " الضريبة شامل مدفوع الحالة"
    ),
    "percent": _words("percent percentage share prozent anteil quote نسبة النسبة"),
    "deliverable": _words(
        "deliverable condition when trigger criteria requirement true must done"
        " voraussetzung bedingung bei ergebnis kriterium شرط الشرط عند المخرجات"
    ),
    "date": _words(
        "date due deadline datum termin fällig fälligkeit"
        " تاريخ التاريخ الموعد موعد الاستحقاق"
    ),
    "amount": _words(
        "amount net price value sum betrag netto summe preis wert"
        " مبلغ المبلغ القيمة قيمة السعر"
    ),
    "number": _words("no nr pos num number step nummer رقم الرقم م"),
    "kind": _words("kind type art النوع نوع"),
    "name": _words(
        "name stage milestone phase item payment description title task"
        " stufe meilenstein abschnitt bezeichnung leistung position zahlung rate"
        " beschreibung المرحلة مرحلة الدفعة دفعة الوصف البند المعلم"
    ),
}
"""The words in the head of a column, the first that fits says what it holds."""

_MONTHS = (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jän feb mär apr mai jun jul aug sept okt nov dez",
    "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني كانون_الأول",
)  # fmt: skip
MONTHS = {
    form: number
    for names in _MONTHS
    for number, name in enumerate(names.split(), 1)
    for form in (name.replace("_", " "), fold(name.replace("_", " ")))
}
"""As they are written, and as they are compared."""
_CURRENCIES = {
    "EUR": "€ euro euros يورو",
    "USD": "$ us$ dollar dollars دولار",
    "AUD": "$ a$ au$ dollar dollars",
    "CAD": "$ c$ ca$ dollar dollars",
    "NZD": "$ nz$ dollar dollars",
    "SGD": "$ s$ dollar dollars",
    "HKD": "$ hk$ dollar dollars",
    "MXN": "$ mx$ peso pesos",
    "GBP": "£ pound pounds",
    "EGP": "£ e£ جنيه ج.م",
    "CHF": "fr. sfr. franken francs",
    "JPY": "¥ yen",
    "CNY": "¥ yuan rmb",
    "INR": "₹ rs rs. rupees",
    "SEK": "kr",
    "NOK": "kr",
    "DKK": "kr kr.",
    "PLN": "zł",
    "CZK": "kč",
    "SAR": "ريال ر.س ﷼",
    "QAR": "ريال ر.ق ﷼",
    "OMR": "ريال ر.ع ﷼",
    "AED": "درهم د.إ",
    "MAD": "درهم د.م",
    "KWD": "دينار د.ك",
    "BHD": "دينار د.ب",
    "JOD": "دينار د.أ",
    "IQD": "دينار د.ع",
    "TRY": "₺ tl",
    "ILS": "₪",
    "RUB": "₽",
    "BRL": "r$",
    "ZAR": "",
    "HUF": "ft",
    "TND": "دينار د.ت",
}  # fmt: skip


CODES = frozenset(code.casefold() for code in _CURRENCIES)


def _read_currencies():
    codes = {code.casefold(): {code} for code in _CURRENCIES}
    for code, signs in _CURRENCIES.items():
        for sign in signs.split():
            codes.setdefault(fold(sign), set()).add(code)
    return codes


CURRENCIES = _read_currencies()
"""A sign, code or word, folded → the codes of the currencies that it may stand for."""
