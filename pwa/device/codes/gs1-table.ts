/**
 * GS1's application identifiers: which there are and what follows each. Left of the colon the identifiers (`3100-5` is 3100 to 3105),
 * right of it their parts: N digits, X and Y and Z characters, `..` up to, `?` may be missing, `c` ends in a check digit, `d` is a date
 * (`D` one whose day is known), `p` is a piece of a total. `*`: no separator has to follow.
 */
const TABLE = `
00: *N18c
01 02 03: *N14c
10 21 22 243 254 420 4318 7020 7021 7022 710-7 7240 8002 8012: X..20
11 12 13 15 16 17: *N6d
20: *N2
235: X..28
240 241 250 251 400 401 403 4308 4319 7002 7023 8004 90: X..30
242: N..6
253: N13c X..17?
255: N13c N..12?
30 37: N..8
3100-5 3110-5 3120-5 3130-5 3140-5 3150-5 3160-5: *N6
3200-5 3210-5 3220-5 3230-5 3240-5 3250-5 3260-5 3270-5 3280-5 3290-5: *N6
3300-5 3310-5 3320-5 3330-5 3340-5 3350-5 3360-5 3370-5: *N6
3400-5 3410-5 3420-5 3430-5 3440-5 3450-5 3460-5 3470-5 3480-5 3490-5: *N6
3500-5 3510-5 3520-5 3530-5 3540-5 3550-5 3560-5 3570-5: *N6
3600-5 3610-5 3620-5 3630-5 3640-5 3650-5 3660-5 3670-5 3680-5 3690-5: *N6
3900-9 3920-9: N..15
3910-9 3930-9: N3 N..15
3940-3 8111: N4
3950-5 8005: N6
402: N17c
410-7: *N13c
421: N3 X..9
422 424 426: N3
423 425: N3 N3? N3? N3? N3?
427 7008: X..3
4300 4301 4310 4311 4320: X..35
4302-6 4312-6 7257 8110 8112 8200: X..70
4307 4317: X2
4309: N10 N10
4321-3 7252: N1
4324 4325: N6d N4
4326 7006: N6D
4330-3: N6 X1?
7001: N13
7003: N6D N4
7004: N..4
7005: X..12
7007: N6D N6D?
7009 7255: X..10
7010: X..2
7011: N6D N4?
7030-9: N3 X..27
7040: N1 X1 X1 X1
7041: X..4
7230-9: X2 X..28
7241: N2
7242 8013 8014 8020: X..25
7250: N8
7251: N8 N4
7253 7254 7259: X..40
7256 91-9: X..90
7258: X3
8001: N4 N5 N3 N1 N1
8003: N1 N13c X..16?
8006 8026: N14c N4p
8007: X..34
8008: N6D N2 N2? N2?
8009: X..50
8010: Y..30
8011: N..12
8017 8018: N18c
8019: N..10
8030: Z..90
8040 8041: N15
8042: N32
8043: N18 N..2?
`;

/** What may be in a link behind a question mark although it is not a key: all but these. */
export const NOT_IN_LINKS = new Set(['03', '8200', '7040', '7041']);

/** What a link may be about, and what may follow it, each in this order. */
export const KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  '00': [[]],
  '01': [['22', '10', '21'], ['235']],
  '253': [[]],
  '255': [[]],
  '401': [[]],
  '402': [[]],
  '414': [['254'], ['7040']],
  '415': [['8020']],
  '417': [['7040']],
  '8003': [[]],
  '8004': [['7040']],
  '8006': [['22', '10', '21']],
  '8010': [['8011']],
  '8013': [[]],
  '8017': [['8019']],
  '8018': [['8019']],
};

export interface Part {
  kind: 'N' | 'X' | 'Y' | 'Z';
  least: number;
  most: number;
  rule: '' | 'c' | 'd' | 'D' | 'p';
}

export interface Identifier {
  /** Its length is known beforehand, so nothing has to say where it ends. */
  fixed: boolean;
  parts: readonly Part[];
}

function part(text: string): Part {
  const [, kind = 'X', upTo, number = '0', rule = '', optional] =
    /^([NXYZ])(\.\.)?(\d+)([cdDp]?)(\?)?$/.exec(text) ?? [];
  const most = Number(number);
  return { kind: kind as Part['kind'], least: optional ? 0 : upTo ? 1 : most, most, rule: rule as Part['rule'] };
}

function identifiers(text: string): string[] {
  const [first = '', last] = text.split('-');
  if (last === undefined) return [first];
  const stem = first.slice(0, -1);
  return Array.from(
    { length: Number(last) - Number(first.slice(-1)) + 1 },
    (_, at) => stem + (Number(first.slice(-1)) + at),
  );
}

export const IDENTIFIERS: ReadonlyMap<string, Identifier> = new Map(
  TABLE.trim()
    .split('\n')
    .flatMap((row) => {
      const [names = '', parts = ''] = row.split(': ');
      const identifier = { fixed: parts.startsWith('*'), parts: parts.replace('*', '').split(' ').map(part) };
      return names
        .split(' ')
        .flatMap(identifiers)
        .map((name) => [name, identifier] as const);
    }),
);
