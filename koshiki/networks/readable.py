"""Which characters addresses are read with, as data, and which short addresses lead nobody knows where.

The static page's script reads the same data. Python's Unicode and a browser's are of different years; the writing
here was whole by 2012, so that every version composes, decomposes and lowers it alike.
A character from elsewhere is in no address that koshiki reads.
"""

from __future__ import annotations

READABLE = (
    (0x09, 0x0A), (0x0D, 0x0D), (0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x2FF),  # Latin
    (0x300, 0x34E), (0x350, 0x36F), (0x370, 0x377), (0x37A, 0x37E), (0x384, 0x3FF), (0x400, 0x527),  # Greek, Cyrillic
    (0x531, 0x556), (0x561, 0x587), (0x5D0, 0x5EA), (0x621, 0x652), (0x904, 0x94D),  # Armenian to
    (0xE01, 0xE3A), (0xE3F, 0xE5B),  # Thai
    (0x1E00, 0x1EFF), (0x1F00, 0x1FFF), (0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x208E), (0x20A0, 0x20B8),
    (0x2100, 0x2189), (0x2190, 0x23E8), (0x2460, 0x26FF), (0x2701, 0x27BF), (0x2900, 0x2B4C),  # signs
    (0x3000, 0x3096), (0x3099, 0x30FF), (0x3105, 0x312D), (0x3131, 0x3163), (0x3165, 0x318E),  # kana
    (0x31F0, 0x321E), (0x3220, 0x32FE), (0x3300, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAD9),  # han, hangul
    (0xFF01, 0xFF9F), (0xFFA1, 0xFFBE), (0xFFE0, 0xFFE6), (0x1F300, 0x1FAFF), (0x20000, 0x2FA1D),  # wide, emoji, rare han
)
# Signs that people copy along with an address.
AROUND = " .\t\r\n\u3000「」『』【】（）()<>〈〉《》［］[]\"'“”‘’`、。，．,;；!！"

_SHORT = """
00m.in 0g0.jp 1url.jp 2.gy a.co abnb.me adf.ly aka.ms amba.to amzn.asia amzn.to apple.co apple.news
bbc.in bit.do bit.ly bitly.com bl.ink buff.ly chng.it clck.ru cli.gs cnn.it cutt.ly dis.gd disq.us dlvr.it
ebay.us fb.gg fb.me fb.watch flic.kr flip.it forms.gle g.co g.page gg.gg go.bsky.app goo.gl goo.su gofund.me hoo.gl
htn.to hubs.la hubs.li hubs.ly ift.tt ig.me instagr.am is.gd j.mp jpn.la kutt.it l.facebook.com l.instagram.com
l.threads.net l.threads.com lin.ee lm.facebook.com lnk.to lnkd.in mzl.la nav.cx nico.ms nyti.ms onl.bz onl.jp
onl.la onl.sc onl.tw ow.ly p.tl page.link pin.it po.st prt.nu ptix.at qq1q.biz qr.ae qr.paps.jp qr1.be r10.to rb.gy
rebrand.ly redd.it reurl.cc reut.rs s.id shor.by short.gy shorturl.asia shorturl.at shrtco.de snip.ly soo.gd spoti.fi
str.sg t.co t.ly t2m.io tiny.cc tiny.one tinyurl.com tmblr.co tr.im trib.al u.to u0u0.net u0u1.net u111u.info ur0.biz
ur0.cc ur0.jp ur0.link ur0.work ur2.link urlz.fr urx.blue urx.mobi urx.red urx.space urx2.nu ux.nu v.gd vk.cc
vm.tiktok.com vt.tiktok.com wapo.st wp.me wow.link x.gd y2u.be yahoo.jp zpr.io
"""
SHORTENERS = sorted(_SHORT.split())


def outside(ranges: tuple[tuple[int, int], ...]) -> str:
    """An expression for any character that is in none of these ranges."""
    return "[^" + "".join(f"{_quoted(first)}-{_quoted(last)}" for first, last in ranges) + "]"


def _quoted(point: int) -> str:
    return ("\\" if chr(point) in r"\]^-[/" else "") + chr(point)
