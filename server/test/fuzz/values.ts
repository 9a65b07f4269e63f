// What no client should send: as values of JSON, in addresses and queries, as headers, as bodies.

const DEEP = 50_000

/** As JSON text, so that numbers and keys stand that JSON.stringify would not write. */
export const VALUES = [
  ...[
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"x\\udfff"',
    '"\\u202eevil"',
    '"\\u2028"',
    '""',
    '" "',
    '"\\r\\n\\u001b[31m"',
  ],
  ...[
    '"2147483648"',
    '"__proto__"',
    '"constructor"',
    '"\'; DROP TABLE users; --"',
    '"%00"',
    '"../../etc/passwd"',
    '"\\ufeff"',
  ],
  ...['2147483648', '-2147483649', '9007199254740993', '1e308', '1e400', '-1e400', '-0', '0.1', '-1', '5'],
  ...[
    '123456789012345678901234567890',
    'null',
    'true',
    'false',
    '[]',
    '{}',
    '[[[[]]]]',
    '[null]',
    '["a","a"]',
    '[1,"a",null,{}]',
  ],
  ...['{"$ne":null}', '{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}', '{"toString":1}'],
  JSON.stringify('x'.repeat(70_000)),
  JSON.stringify('é'.repeat(300)),
  JSON.stringify('👩‍👩‍👧‍👦'.repeat(30)),
  JSON.stringify(Array.from({ length: 2_000 }, (_, at) => `c${at}`)),
  `${'['.repeat(60)}${']'.repeat(60)}`,
  `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`,
]

/** The same for queries and addresses, already encoded. */
export const ENCODED = [
  ...[
    '',
    '%00',
    'a%00b',
    '%ED%A0%80',
    '%FF',
    '%zz',
    '%',
    '%E2%80%AE',
    '..',
    '..%2F..%2F',
    '%2e%2e',
    'null',
    'true',
    '[]',
    '{}',
  ],
  ...[
    '-1',
    '0',
    '-0',
    '1e400',
    '1e308',
    '2147483648',
    '9007199254740993',
    '99999999999999999999',
    '0.5',
    'NaN',
    'Infinity',
  ],
  ...[
    '__proto__',
    'constructor',
    "'%20OR%201%3D1",
    '%25',
    '%5C',
    '%22',
    '%0d%0aX-Evil%3A%201',
    '%F0%9F%98%80',
    '_',
    '*',
    '%25%25',
  ],
  ...['2026-02-30', '2026-11-21T25:00:00Z', '0000-00-00', '+275760-09-13', 'x'.repeat(201), 'x'.repeat(2_000)],
  Buffer.from('["2026","a"]').toString('base64url'),
  Buffer.from('["\\u0000","\\ud800"]').toString('base64url'),
  Buffer.from('["infinity","x"]').toString('base64url'),
  Buffer.from('[1e400]').toString('base64url'),
  Buffer.from('[9007199254740993]').toString('base64url'),
  Buffer.from('[-1.5]').toString('base64url'),
  Buffer.from('{"a":1}').toString('base64url'),
]

export const TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'application/vnd.api+json',
  'text/plain',
  'text/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=line',
  'application/octet-stream',
  'nonsense',
  '*/*',
]

export const HEADERS: Record<string, string>[] = [
  ...['"99999999999999999999"', '"999999999999999"', '"0"', 'x', 'W/"1"', '"1", "2"', '*', '"-1"'].map((value) => ({
    'if-match': value,
  })),
  ...['"1"', '*', '"', ','].map((value) => ({ 'if-none-match': value })),
  ...['../..', "' OR 1=1", 'a,b', '%00', '__proto__', 'x'.repeat(4_000), 'ÿþ'].map((value) => ({
    'x-tenant-id': value,
  })),
  ...['', 'x'.repeat(500), '00-00000000000000000000000000000000-0000000000000000-00', 'ÿ'].map((value) => ({
    traceparent: value,
  })),
  ...['', 'x'.repeat(500), 'a b', '<script>', 'ÿ'].map((value) => ({ 'x-request-id': value })),
  { 'user-agent': 'ÿ'.repeat(1_000) },
  { 'accept-language': 'x'.repeat(3_000), accept: 'text/html' },
  { expect: '100-continue' },
  { 'x-http-method-override': 'DELETE', 'x-forwarded-for': '1.1.1.1, 2.2.2.2', 'x-forwarded-host': 'evil.test' },
  { 'content-encoding': 'gzip' },
]

export const BODIES: [string, string | Buffer][] = [
  ['nothing', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['a string', '"x"'],
  ['a number', '1'],
  ['an empty object', '{}'],
  ['half an object', '{'],
  ['two objects', '{}{}'],
  ['a trailing comma', '{"a":1,}'],
  ['a comment', '{/*x*/}'],
  ['single quotes', "{'a':1}"],
  ['a NUL', '\0'],
  ['a byte order mark', '\ufeff{}'],
  ['UTF-16', Buffer.from('\ufeff{"login":"x"}', 'utf16le')],
  ['bytes that are no UTF-8', Buffer.from('{"login":"\xff\xfe","password":"\xc0\x80"}', 'latin1')],
  ['its prototype', '{"__proto__":{"admin":true},"login":"x"}'],
  ['its constructor', '{"constructor":{"prototype":{"admin":true}}}'],
  ['deep lists', '['.repeat(DEEP) + ']'.repeat(DEEP)],
  ['deep objects', `${'{"a":'.repeat(DEEP / 2)}1${'}'.repeat(DEEP / 2)}`],
  ['many keys', `{${Array.from({ length: 5_000 }, (_, at) => `"k${at}":${at}`).join()}}`],
  ['more than the limit', JSON.stringify({ login: 'x'.repeat(300_000) })],
]

export const MULTIPARTS: [string, string][] = [
  ['no part', ''],
  ['no end', '--line\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc'],
  ['no header', '--line\r\n\r\nabc\r\n--line--\r\n'],
  ['another boundary', '--other\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--other--\r\n'],
  ['a broken header', '--line\r\ncontent-disposition: form-data; name="a\r\n\r\nb\r\n--line--\r\n'],
  [
    'a NUL in the name',
    '--line\r\ncontent-disposition: form-data; name="a\0b"; filename="\0"\r\n\r\nb\r\n--line--\r\n',
  ],
  ['its prototype', '--line\r\ncontent-disposition: form-data; name="__proto__"\r\n\r\nb\r\n--line--\r\n'],
  [
    'an empty picture',
    '--line\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n\r\n--line--\r\n',
  ],
  [
    'no picture',
    '--line\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\ncontent-type: image/png\r\n\r\nGIF89a;\r\n--line--\r\n',
  ],
  [
    'half a picture',
    '--line\r\ncontent-disposition: form-data; name="avatar"; filename="../a.png"\r\n\r\n\x89PNG\r\n\x1a\n\0\0\0\rIHDR\r\n--line--\r\n',
  ],
  [
    'two pictures',
    `${'--line\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\na\r\n'.repeat(2)}--line--\r\n`,
  ],
  ['many fields', `${'--line\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n'.repeat(200)}--line--\r\n`],
]
