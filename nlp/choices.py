"""Which one and how many: ordinals and quantities."""

from __future__ import annotations

import re
from typing import Iterator

from nlp.matches import Match
from nlp.numbers import CHINESE, whole

_N = rf"(\d{{1,3}}|[{CHINESE}]{{1,3}})"
_THING = r"(?:个|单|款|件|条|项|份|种|张|笔|双|台|只|瓶|样|家|套|把|行|排|号|箱|袋|盒|本|支|部|包裹|订单|地址|商品|产品|选项)"
_NTH = re.compile(
    rf"(倒数)?第{_N}(?!天|次|一次|时间|方|代|期|季|层|名|人|波|批|步|者|页|产|位|遍|轮|回|周|年|个月|个星期|个人|\d)({_THING})?(?:订单|包裹|地址|商品|产品|选项)?"
)
_LAST = re.compile(
    rf"(?:最后|末尾|最下面|最底下|最末|最后面|下面)(?:那|的|一|的那|那一|的一)?{_THING}(?!小时|星期|月)|后者"
)
_FIRST = re.compile(rf"(?:最上面|上面|头一|最前面|前面|首)(?:的)?(?:那|这|的那)?(?:一)?{_THING}|前者")
_CHEAP = re.compile(
    rf"(?:最|更|比较|价格)?(?:便宜|低价|实惠|划算)(?:点|些|一点|一些)?的?(?:那|这|一|那一)?{_THING}|最(?:便宜|低价|实惠)的?|价格最低的?|(?:便宜|低价)的(?=$|吧|就)"
)
_DEAR = re.compile(
    rf"(?:最|更|比较|价格)?(?:贵|高价)(?:点|些|一点|一些)?的?(?:那|一|那一)?{_THING}|最贵的?|价格最高的?|贵的(?=$|吧|就)|(?:花|金额)?最多的(?:那|一)?{_THING}"
)
_NEW = re.compile(
    rf"最(?:新|近)的?(?:那|一|这|那一|的一)?{_THING}(?!月|星期|礼拜|小时|季度|年)|最新的?(?=$|吧|订单)|(?:刚刚?|刚才|才)(?:买|下|拍|付)(?:好|完)?的?(?:那|这|一)?{_THING}?|上一{_THING}|上一?次(?:买|下单|拍|付|订)(?:好|完)?的(?:那|这)?(?:一)?{_THING}|新款那?个?"
)
_BARE = re.compile(
    r"(?:我?选择?|我?要|就要?|换)?(\d{1,2}|[一二三四五六七八九十])(?:\.|、|,)?(?:吧|啊|呢|哈|就行|就好)?"
)

_MEASURE = r"(?:个|件|双|条|台|部|只|瓶|盒|箱|袋|包(?!裹|邮)|套|把|张|本|支|枝|枚|罐|桶|对|份|斤(?!左右|能|穿|的人|体重)|顶|副|块(?!钱|钱|左右|以|多|的(?:那|$))|床|盆|根|卷|片|组|提|打|辆|匹|朵|株|颗|粒|串|杯|碗|听|板|刀|盏|面|(?<!一)样)"
_NOT_THINGS = (
    r"(?!月|小时|星期|礼拜|周|季度|人|问题|工作日|订单|包裹|快递|地址|发票|电话|客服|字|多月|多小时|多星期|号|东西都|钟头|意思|年|疗程|"
    r"优惠|券|账号|店|链接|单|时间|地方|城市|地区|驿站|选择|方法|办法|原因|说法|解释|理由|评价|五星|好评)"
)
_BUYS = re.compile(
    r"(?:买|要|拿|来|拍|下|订|定|改成|改为|换成|退|少|缺|少了|漏|漏发|多|再|加|加购|只|仅|就|共|数量|改|发|收到|送|给我|变成|减到|加到|剩|还有|有|付|囤|点|总共|一共)(?:了|的是|是|到|发|为|掉|给我)?$"
)
_COUNT = re.compile(rf"(?<![第这那哪每\d.\-])(\d{{1,4}}|[{CHINESE}]{{1,4}}){_MEASURE}{_NOT_THINGS}")
_COUNT_WORD = re.compile(
    r"(?:数量|件数|个数)(?:是|为|改成|改为|改到|要|写|:|\s)*(\d{1,4}|[" + CHINESE + r"]{1,4})(?:个|件)?"
)
_TIMES = re.compile(r"(?<![A-Za-z\d])[x*×]\s?(\d{1,3})(?!\d)", re.I)
_PAIR = re.compile(r"(?:要|买|来|拿|拍|退|就|换)(俩|仨)(?!人|字)")


def find(text: str) -> Iterator[Match]:
    """Ordinals and quantities in clean text."""
    for one in _NTH.finditer(text):
        number = whole(one.group(2))
        if (
            number
            and number < 100
            and (
                one.group(3)
                or not re.match(r"[\u4e00-\u9fff]", text[one.end() : one.end() + 1] or "吧")
                or re.match(r"吧|就|的|和|跟|退|取消|要|换|那", text[one.end() :])
            )
        ):
            yield Match("ordinal", -number if one.group(1) else number, *one.span(), rank=68)
    words = ((_LAST, -1), (_FIRST, 1), (_CHEAP, "cheapest"), (_DEAR, "priciest"), (_NEW, "newest"))
    for pattern, value in words:
        for one in pattern.finditer(text):
            if not _unmeant(text, one):
                yield Match("ordinal", -1 if one.group() == "后者" else value, *one.span(), rank=67)
    bare = _BARE.fullmatch(text.strip(" .。!,"))
    if bare and 0 < (whole(bare.group(1)) or 0) <= 20:
        start = text.index(bare.group(1))
        yield Match("ordinal", whole(bare.group(1)), start, start + len(bare.group(1)), rank=69)
    yield from _quantities(text)


def _unmeant(text: str, one: re.Match[str]) -> bool:
    before = text[: one.start()]
    return (
        before.endswith(("不", "有没有", "有", "太", "这么", "怎么", "能不能", "能", "可以", "再"))
        and one.group()[0] in "便贵低实更比"
    )


def _quantities(text: str) -> Iterator[Match]:
    for one in _COUNT.finditer(text):
        number = whole(one.group(1))
        alone = not text[: one.start()].strip(" ,.") or not text[one.end() :].strip(" ,.吧啊呢。!")
        if (
            number is None
            or number < 1
            or (one.group(1) in ("一", "1") and not (alone or _BUYS.search(text[: one.start()])))
        ):
            continue
        yield Match("quantity", number, *one.span(), rank=52)
    for pattern in (_COUNT_WORD, _TIMES):
        for one in pattern.finditer(text):
            number = whole(one.group(1))
            if number and number < 10000:
                yield Match("quantity", number, *one.span(), rank=54)
    for one in _PAIR.finditer(text):
        yield Match("quantity", 2 if one.group(1) == "俩" else 3, *one.span(1), rank=53)
