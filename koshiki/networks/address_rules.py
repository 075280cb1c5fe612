"""How the addresses of accounts and posts look on each service, as data.

The static page's script reads the same data, so every expression is one that Python and JavaScript read alike
(no named groups, no look-behind; matched from start to end, letter case ignored).

A row of a service: `kind` account, post or short; `path` to match; `query` parameters that must be there;
`id` what identifies it: `{1}` is a group of the path, `{name}` a parameter. What only decorates the address
(the handle in a post's address on X) is no part of the id.
"""

from __future__ import annotations

from typing import Any

from koshiki.networks.readable import AROUND, READABLE, SHORTENERS, outside

RULES: dict[str, Any] = {
    "longest": 2000,
    "around": AROUND,
    "unreadable": outside(READABLE),
    "blank": r"[\x00-\x20\x7f-\xa0\u3000]",
    "address": r"[^\x00-\x20@\xa0\u3000]+"
    r"\.(?:[a-z]{2,}|xn--[a-z0-9-]+|[a-z]*[^\x00-\x7f](?:[a-z]|[^\x00-\x7f])*)\.?(?::[0-9]*)?",
    "told": r"[a-z][a-z0-9+.-]*://[\s\S]*",
    "parts": r"(?:([a-z][a-z0-9+.-]*):)?//([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#([\s\S]*))?",
    "handle": r"@([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)@([^@/?#\x00-\x20\xa0\u3000]+)",
    "authority": r"([^:]*)(?::([0-9]*))?",
    "host": r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*",
    "schemes": {"http": "80", "https": "443"},
    # What looks like an address and opens no page of a service.
    "opens_no_page": r"(?:about|blob|data|file|intent|javascript|mailto|sms|tel|vbscript|view-source):[\s\S]*",
    # Encoded signs that would divide the path elsewhere once decoded.
    "deceiving": r"[\s\S]*%(?:2f|3f|23|5c)[\s\S]*",
    "no_encoding": r"[\s\S]*%(?![0-9a-f]{2})[\s\S]*",
    "value": r"[a-z0-9_.@-]+",
    "tracking": r"utm_.*|fbclid|gclid|yclid|dclid|msclkid|mc_cid|mc_eid|_ga|_gl|ref_src|igshid|igsh",
    "shorteners": SHORTENERS,
    "services": [
        {
            "service": "x",
            "hosts": [
                "x.com", "www.x.com", "m.x.com", "mobile.x.com", "twitter.com", "www.twitter.com",
                "m.twitter.com", "mobile.twitter.com",
            ],
            "not_accounts": [
                "about", "compose", "download", "explore", "hashtag", "home", "i", "intent", "jobs", "login",
                "messages", "notifications", "privacy", "search", "settings", "share", "signup", "tos",
            ],
            "rows": [
                {"kind": "post", "path": r"/[a-z0-9_]{1,15}/status(?:es)?/([0-9]+)(?:/.*)?", "id": "{1}"},
                {"kind": "post", "path": r"/i/(?:web/)?status/([0-9]+)(?:/.*)?", "id": "{1}"},
                {"kind": "post", "path": r"/[a-z0-9_]{1,15}/article/([0-9]+)", "id": "article/{1}"},
                {"kind": "account", "path": r"/intent/user", "query": ["screen_name"], "id": "{screen_name}"},
                {
                    "kind": "account",
                    "path": r"/intent/follow",
                    "query": ["screen_name"],
                    "id": "{screen_name}",
                },
                {
                    "kind": "account",
                    "path": r"/@?([a-z0-9_]{1,15})(?:/(?:with_replies|media|highlights|articles|likes|followers|following))?",
                    "id": "{1}",
                },
            ],
        },
        {
            "service": "facebook",
            "hosts": [
                "facebook.com", "www.facebook.com", "m.facebook.com", "mobile.facebook.com",
                "touch.facebook.com", "mbasic.facebook.com", "web.facebook.com", "ja-jp.facebook.com",
                "fb.com", "www.fb.com",
            ],
            "not_accounts": [
                "ads", "business", "events", "gaming", "groups", "hashtag", "help", "homephp", "login",
                "loginphp", "marketplace", "media", "messages", "pages", "people", "permalinkphp", "photo",
                "photophp", "policies", "privacy", "profilephp", "reel", "search", "settings", "share",
                "sharer", "sharerphp", "stories", "storyphp", "videophp", "watch",
            ],
            "drop": ".",
            "rows": [
                {"kind": "short", "path": r"/share/.*", "id": ""},
                {
                    "kind": "post",
                    "path": r"/(?:permalink|story)\.php",
                    "query": ["story_fbid", "id"],
                    "id": "{story_fbid}",
                    "case": True,
                },
                {
                    "kind": "post",
                    "path": r"/[^/]+/(?:posts|videos)/(?:[^/]+/)?([a-z0-9]+)",
                    "id": "{1}",
                    "case": True,
                },
                {"kind": "post", "path": r"/photo(?:\.php)?", "query": ["fbid"], "id": "{fbid}"},
                {"kind": "post", "path": r"/[^/]+/photos/(?:[^/]+/)?([0-9]+)", "id": "{1}"},
                {"kind": "post", "path": r"/watch", "query": ["v"], "id": "{v}"},
                {"kind": "post", "path": r"/groups/[^/]+/(?:posts|permalink)/([0-9]+)", "id": "{1}"},
                {"kind": "post", "path": r"/stories/([0-9]+)(?:/.*)?", "id": "stories/{1}"},
                {"kind": "post", "path": r"/reel/([0-9]+)", "id": "{1}"},
                {"kind": "account", "path": r"/profile\.php", "query": ["id"], "id": "id:{id}"},
                {"kind": "account", "path": r"/(?:pages|people)/[^/]+/([0-9]+)", "id": "id:{1}"},
                {"kind": "account", "path": r"/p/[^/]*?-?([0-9]{5,})", "id": "id:{1}"},
                {"kind": "account", "path": r"/([0-9]{5,})", "id": "id:{1}"},
                {
                    "kind": "account",
                    "path": r"/(?:pg/)?([a-z0-9.]+)(?:/(?:about|photos|videos|posts|reviews))?",
                    "id": "{1}",
                },
            ],
        },
        {
            "service": "instagram",
            "hosts": ["instagram.com", "www.instagram.com", "m.instagram.com"],
            "not_accounts": [
                "about", "accounts", "api", "developer", "direct", "explore", "legal", "p", "reel", "reels",
                "share", "stories", "tv", "web",
            ],
            "rows": [
                {"kind": "short", "path": r"/share/.*", "id": ""},
                {
                    "kind": "post",
                    "path": r"/(?:[a-z0-9._]+/)?(?:p|reel|reels|tv)/([a-z0-9_-]+)(?:/.*)?",
                    "id": "{1}",
                    "case": True,
                },
                {"kind": "post", "path": r"/stories/[a-z0-9._]+/([0-9]+)", "id": "{1}"},
                {
                    "kind": "account",
                    "path": r"/(?:_u/)?@?([a-z0-9._]{1,30})(?:/(?:reels|tagged|channel))?",
                    "id": "{1}",
                },
            ],
        },
        {
            "service": "youtube",
            "hosts": ["youtube.com", "www.youtube.com", "m.youtube.com"],
            "not_accounts": [
                "about", "account", "embed", "feed", "gaming", "hashtag", "live", "playlist", "premium",
                "results", "shorts", "watch",
            ],
            "rows": [
                {"kind": "post", "path": r"/watch", "query": ["v"], "id": "{v}", "case": True},
                {
                    "kind": "post",
                    "path": r"/(?:shorts|live|embed|v)/([a-z0-9_-]+)",
                    "id": "{1}",
                    "case": True,
                },
                {"kind": "post", "path": r"/post/([a-z0-9_-]+)", "id": "post/{1}", "case": True},
                {"kind": "post", "path": r"/.*/community", "query": ["lb"], "id": "post/{lb}", "case": True},
                {
                    "kind": "account",
                    "path": r"/channel/(UC[a-z0-9_-]{22})(?:/[a-z]+)?",
                    "id": "channel/{1}",
                    "case": True,
                },
                {"kind": "account", "path": r"/@([^/@]+)(?:/[a-z]+)?", "id": "@{1}"},
                {"kind": "account", "path": r"/c/([^/@]+)(?:/[a-z]+)?", "id": "c/{1}"},
                {"kind": "account", "path": r"/user/([^/@]+)(?:/[a-z]+)?", "id": "user/{1}"},
            ],
        },
        {
            "service": "youtube",
            "hosts": ["youtube-nocookie.com", "www.youtube-nocookie.com"],
            "not_accounts": [],
            "rows": [{"kind": "post", "path": r"/embed/([a-z0-9_-]+)", "id": "{1}", "case": True}],
        },
        {
            "service": "youtube",
            "hosts": ["youtu.be"],
            "not_accounts": [],
            "rows": [{"kind": "post", "path": r"/([a-z0-9_-]+)", "id": "{1}", "case": True}],
        },
        {
            "service": "line",
            "hosts": ["line.me", "www.line.me", "line.naver.jp"],
            "not_accounts": [],
            "rows": [
                {"kind": "account", "path": r"/(?:r/)?ti/p/@([a-z0-9._-]+)", "id": "{1}"},
                {"kind": "account", "path": r"/r/oamessage/@([a-z0-9._-]+)", "id": "{1}"},
                {"kind": "account", "path": r"/r/home/public/(?:main|profile)", "query": ["id"], "id": "{id}"},
                {"kind": "post", "path": r"/r/home/public/post", "query": ["id", "postId"], "id": "{id}/{postId}"},
            ],
        },
        {
            "service": "line",
            "hosts": ["page.line.me"],
            "not_accounts": [],
            "rows": [
                {"kind": "account", "path": r"/@?([a-z0-9._-]+)", "id": "{1}"},
                {"kind": "account", "path": r"/", "query": ["accountId"], "id": "{accountId}"},
            ],
        },
        {
            "service": "line",
            "hosts": ["linevoom.line.me", "timeline.line.me"],
            "not_accounts": [],
            "rows": [{"kind": "post", "path": r"/post/([a-z0-9_/-]+)", "id": "{1}", "case": True}],
        },
        {
            "service": "bluesky",
            "hosts": ["bsky.app", "www.bsky.app", "staging.bsky.app"],
            "not_accounts": [],
            "rows": [
                # A record's key is unique only within its account: both identify the post.
                {"kind": "post", "path": r"/profile/([a-z0-9.:_-]+)/post/([a-z0-9._~-]+)", "id": "{1}/{2}"},
                {"kind": "account", "path": r"/profile/@?([a-z0-9.:_-]+)", "id": "{1}"},
            ],
        },
        {
            "service": "tiktok",
            "hosts": ["tiktok.com", "www.tiktok.com", "m.tiktok.com"],
            "not_accounts": [],
            "rows": [
                {"kind": "post", "path": r"/@[a-z0-9._]+/(?:video|photo)/([0-9]+)", "id": "{1}"},
                {"kind": "account", "path": r"/@([a-z0-9._]+)", "id": "{1}"},
            ],
        },
        {
            "service": "threads",
            "hosts": ["threads.net", "www.threads.net", "threads.com", "www.threads.com"],
            "not_accounts": [],
            "rows": [
                {"kind": "post", "path": r"/@[a-z0-9._]+/post/([a-z0-9_-]+)", "id": "{1}", "case": True},
                {"kind": "account", "path": r"/@([a-z0-9._]+)", "id": "{1}"},
            ],
        },
        {
            "service": "note",
            "hosts": ["note.com", "www.note.com"],
            "not_accounts": ["hashtag", "login", "search", "signup", "topic"],
            "rows": [
                {"kind": "post", "path": r"/[a-z0-9_-]+/n/(n[a-z0-9]+)", "id": "{1}"},
                {"kind": "account", "path": r"/([a-z0-9_-]+)", "id": "{1}"},
            ],
        },
    ],
    # On a host that is none of these: servers that anybody may run. Here the host is part of the id.
    "elsewhere": {
        "service": "mastodon",
        "rows": [
            {"kind": "account", "path": r"/@([a-z0-9_.-]+)", "id": "{host}/@{1}"},
            {"kind": "account", "path": r"/users/([a-z0-9_.-]+)", "id": "{host}/@{1}"},
            {"kind": "account", "path": r"/(?:web|deck)/@([a-z0-9_.-]+)", "id": "{host}/@{1}"},
            {"kind": "post", "path": r"/(?:web/|deck/)?@[a-z0-9_.-]+/([0-9]+)", "id": "{host}/post/{1}"},
            {"kind": "post", "path": r"/users/[a-z0-9_.-]+/statuses/([0-9]+)", "id": "{host}/post/{1}"},
        ],
    },
    "feed_anchor": r"e-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
}
