# SPDX-License-Identifier: Apache-2.0
"""Expressions, and the variables they speak of."""

VALUES = {
    "s": "Hello, world ", "e": "", "n": 7, "z": 0, "m": -3, "f": 2.5, "t": True, "no": None,
    "l": [3, 1, 2], "w": ["b", "A", "c"], "d": {"b": 1, "a": [1, 2], "k": "v"}, "el": [], "ed": {},
    "ms": [{"role": "user", "n": 1}, {"role": "tool", "n": 2, "x": {"y": "q"}}],
}  # fmt: skip

EXPRESSIONS = """\
1 + 2 * 3 ** 2 // 4 % 5
-2 ** 2
7 // -2
-7 % 3
7.5 // -2
-7.5 % 2
1 / 3
10 ** 20.0
2 ** -1
1e16
1e15
0.0001
0.00001
1.0
123456789.123456789
5 // 0
1_000
s ~ n ~ f ~ t ~ no ~ l
s + 1
s * 2
2 * l
l + [4]
l + (4,)
[1, 2] == [1, 2.0]
1 < 2 < 3
3 > 2 >= 2 != 1
'a' < 'b'
'a' < 1
1 in l and 'a' in d and 'ell' in s and 9 not in l
'x' in missing
none in [none]
not t or z
e or s
z and s
n if t else s
n if z
missing
missing.x
missing['x']
d.missing
d.b
d['a'][1]
d.a[-1]
l[9]
l[1:]
l[::-1]
l[:-1]
l[5:1:-2]
s[1:4]
s[::-1]
s[-3]
s['x']
no.x
(1, 2, 3)
(1,)
()
[]
{}
{'a': 1, "b": [true, none]}
["it's", 'say "x"', "both ' and \\"", "\\n\\t\\\\", "é\\u200b\\x07"]
'\\x41\\u00e9\\101\\q'
'a' 'b'
s | trim | upper
s | lower | capitalize
'they\\'re bill\\'s (two-words) x' | title
'they\\'re bill\\'s' .title()
s | length
l | length
missing | length
n | length
l | join(', ')
missing | join
ms | map(attribute='role') | join('-')
ms | map(attribute='x.y', default='none') | list
w | map('upper') | list
w | map('default', 1) | list
l | first
el | first
l | last
s | last
missing | default('x')
e | default('x', true)
e | default('x')
s | replace('l', 'L')
s | replace('l', 'L', 1)
s | replace('', '-')
d | tojson
d | tojson(indent=2)
[] | tojson(indent=2)
{'é': "\\u0001\\"/", 'x': [1.0, none, true, 1e100]} | tojson
{'é': '🙂'} | tojson(ensure_ascii=true)
d | tojson(sort_keys=true)
d | tojson(separators=(',', ':'))
missing | tojson
'abc' | list
d | list
n | string + 'x'
' 42 ' | int
'4.7' | int
'x' | int
'x' | int(5)
4.9 | int
no | int
'1_0' | int
'2.5' | float
'x' | float
m | abs
2.567 | round(2)
2.5 | round
2.4 | round(method='ceil')
l | select('odd') | list
l | reject('equalto', 1) | list
[0, 1, '', 'a', none] | select | list
ms | selectattr('role', 'equalto', 'user') | list
ms | selectattr('x') | list
ms | rejectattr('x', 'defined') | list
ms | selectattr('n', '>', 1) | list
d | items | list
d.items() | list
d | dictsort
d | dictsort(reverse=true)
{'b': 1, 'A': 2} | dictsort
{'b': 1, 'A': 0} | dictsort(by='value')
{'b': 1, 'A': 2} | dictsort(true)
w | sort
w | sort(case_sensitive=true)
l | sort(reverse=true)
ms | sort(attribute='n', reverse=true) | map(attribute='n') | list
[1, 2, 1] | unique | list
['a', 'A'] | unique | list
s | reverse
l | reverse | list
'a\\nb\\n\\nc' | indent
'a\\nb\\n\\nc' | indent(2, true, true)
'a\\nb' | indent('> ')
l | sum
ms | sum(attribute='n')
l | min
l | max
'<a href="x">&\\'' | escape
n is defined and missing is not defined
no is none and d is mapping and s is string and l is sequence
n is number and f is float and n is integer and t is boolean
t is true and z is not false
d is iterable and n is not iterable
n is odd and z is even
9 is divisibleby 3
n is divisibleby(7)
n is eq 7 and n is ne 8
3 is in l
n is sameas n
'A' is upper and 'a' is lower
'x' is test
n is lt(8) and n is ge 7
s.strip().split(', ')
' a  b c '.split()
' a  b c '.split(none, 1)
'a,b,c'.split(',', 1)
'a,b,c'.rsplit(',', 1)
'a\\nb\\r\\nc\\n'.splitlines()
'xxaxx'.strip('x') ~ 'xxa'.lstrip('x') ~ 'axx'.rstrip('x')
s.startswith('He') and s.endswith(('x', ' '))
'abcabc'.find('c') ~ 'abcabc'.rfind('c') ~ 'abc'.find('x')
'éa'.find('a')
'abcabc'.count('bc')
'-'.join(w)
'-'.join(l)
'pre-x'.removeprefix('pre-') ~ 'x.py'.removesuffix('.py')
'12'.isdigit() and 'ab'.isalpha() and ' '.isspace()
s.upper().lower()
'a'.replace('a', 'b')
d.get('b') ~ d.get('q') ~ d.get('q', 5)
d.keys() | list
d.values() | list
l.index(2)
l.count(1)
l.append(4)
s.nothing()
range(3) | list
range(1, 10, 3) | list
range(5, 0, -2) | list
dict(a=1, b='x')
namespace(a=1).a
namespace({'a': 2}).a
s is not string or n
n|string is string
n | nofilter
n is notest
(n)
((n + 1) * 2)|string ~ 'x'
-n | abs
[1, [2, {'a': (3,)}]]
true ~ True ~ none ~ None ~ false
d.b.c.d
'%s' | length
loop
""".splitlines()
