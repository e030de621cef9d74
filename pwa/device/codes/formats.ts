/**
 * Carriers' numbers as data: what they look like, what about them is only wrapping, and which character checks the others.
 *
 * `pattern` is for the whole code in its normal form (no spaces, no hyphens, capitals). Its groups: `number`, what the parcel is
 * called when the code says more than that; `serial` and `check`, what is checked and by what.
 *
 * `sure` says that nothing else looks like this. Only then is a wrong check digit worth a word: twelve bare digits may be one
 * carrier's number with a wrong digit, or another's without any.
 */
import { gs1, luhn, mod10, mod37, mod7, s10, weighted } from './checks';

export interface Format {
  id: string;
  carrier: string;
  pattern: RegExp;
  check?: (serial: string) => string;
  sure?: true;
}

const FEDEX_12 = [3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1];
const FEDEX_14 = [1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1];
/** Where a USPS label says the shipper in nine digits or in six, and how long the rest then is. */
const USPS_SHIPPER = String.raw`(?:9\d{8}(?:\d{15}|\d{11}|\d{7})|[0-8]\d{5}(?:\d{14}|\d{10}))`;
const COUNTRIES =
  'AD AE AF AG AI AL AM AN AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CK CL CM ' +
  'CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU ' +
  'GW GY HK HN HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA ' +
  'MC MD ME MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN ' +
  'PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TG TH TJ TK TL TM TN TO TR TT ' +
  'TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW';

const usps = (serial: string): string => gs1(serial);
const ontrac = (first: string) => (serial: string) => mod10(serial.startsWith(first) ? serial : first + serial, 1, 2);

export const FORMATS: readonly Format[] = [
  {
    id: 's10',
    carrier: 'UPU',
    pattern: new RegExp(`^[A-Z]{2}(?<serial>\\d{8})(?<check>\\d)(?:${COUNTRIES.replaceAll(' ', '|')})$`),
    check: s10,
    sure: true,
  },
  {
    id: 'ups',
    carrier: 'UPS',
    pattern: /^1Z(?<serial>[A-Z0-9]{15})(?<check>\d)$/,
    check: (text) => mod10(text, 1, 2),
    sure: true,
  },
  {
    id: 'ups-waybill',
    carrier: 'UPS',
    pattern: /^[AHJKTV](?<serial>\d{9})(?<check>\d)$/,
    check: (text) => mod10(text, 1, 2),
  },
  { id: 'ontrac_c', carrier: 'OnTrac', pattern: /^C(?<serial>\d{13})(?<check>\d)$/, check: ontrac('4'), sure: true },
  { id: 'ontrac_d', carrier: 'OnTrac', pattern: /^D(?<serial>\d{13})(?<check>\d)$/, check: ontrac('5'), sure: true },
  {
    id: 'dpd',
    carrier: 'DPD',
    pattern: /^%?(?<serial>\d{7}(?<number>\d{14})\d{3}(?!000)\d{3})(?<check>[0-9A-Z])$/,
    check: mod37,
    sure: true,
  },
  { id: 'dpd_14', carrier: 'DPD', pattern: /^(?<number>(?<serial>\d{14}))(?<check>[0-9A-Z])$/, check: mod37 },
  {
    id: 'usps_impb_n',
    carrier: 'USPS',
    pattern: new RegExp(`^(?:420\\d{5}(?:\\d{4})?)?(?<number>(?<serial>94\\d{3}${USPS_SHIPPER})(?<check>\\d))$`),
    check: usps,
    sure: true,
  },
  {
    id: 'usps_impb_c',
    carrier: 'USPS',
    pattern: new RegExp(
      `^(?:420\\d{5}(?:\\d{4})?)?(?<number>(?<serial>(?:92\\d{3}(?=9)|93\\d{3}(?=[0-8])|95\\d{3})${USPS_SHIPPER})(?<check>\\d))$`,
    ),
    check: usps,
    sure: true,
  },
  {
    id: 'usps_legacy',
    carrier: 'USPS',
    pattern: /^(?:420\d{5}(?:\d{4})?)?(?<number>(?<serial>(?:91)?\d{19})(?<check>\d))$/,
    check: (text) => gs1(text.startsWith('91') ? text : `91${text}`),
  },
  { id: 'usps_20', carrier: 'USPS', pattern: /^(?<serial>\d{19})(?<check>\d)$/, check: usps },
  {
    id: 'fedex_12',
    carrier: 'FedEx',
    pattern: /^(?<serial>\d{11})(?<check>\d)$/,
    check: (text) => weighted(text, FEDEX_12),
  },
  {
    id: 'fedex_34',
    carrier: 'FedEx',
    pattern: /^[0-8]\d{14}\d{5}(?<serial>\d{13})(?<check>\d)$/,
    check: (text) => weighted(text, FEDEX_14),
  },
  {
    id: 'fedex_astra_32',
    carrier: 'FedEx',
    pattern: /^3\d{5}\d{3}\d{7}(?<number>(?<serial>\d{11})(?<check>\d))\d{4}$/,
    check: (text) => weighted(text, FEDEX_12),
  },
  {
    id: 'fedex_ground',
    carrier: 'FedEx',
    pattern: /^(?<serial>\d{14})(?<check>\d)$/,
    check: (text) => mod10(text, 1, 3),
  },
  { id: 'fedex_ground_sscc_18', carrier: 'FedEx', pattern: /^(?<serial>\d{17})(?<check>\d)$/, check: gs1 },
  {
    id: 'fedex_ground_96',
    carrier: 'FedEx',
    pattern: /^96\d{2}\d{3}(?<number>(?<serial>\d{14})(?<check>\d))$/,
    check: (text) => mod10(text, 1, 3),
    sure: true,
  },
  {
    id: 'fedex_ground_gsn',
    carrier: 'FedEx',
    pattern: /^96\d{2}\d{5}\d{10}\d(?<serial>\d{13})(?<check>\d)$/,
    check: (text) => weighted(text, FEDEX_14),
    sure: true,
  },
  { id: 'canada_post', carrier: 'Canada Post', pattern: /^(?<serial>\d{15})(?<check>\d)$/, check: gs1 },
  { id: 'dhl_express', carrier: 'DHL', pattern: /^(?<serial>\d{9,10})(?<check>\d)$/, check: mod7 },
  {
    id: 'old-dominion',
    carrier: 'Old Dominion',
    pattern: /^(?<serial>(?:77[78]|072|780)\d{7})(?<check>\d)$/,
    check: luhn,
  },
  {
    id: 'old-dominion-guaranteed-shipment',
    carrier: 'Old Dominion',
    pattern: /^(?<serial>80\d{8})(?<check>\d)$/,
    check: luhn,
  },
  { id: 'purolator_numeric', carrier: 'Purolator', pattern: /^(?<serial>[0-5]\d{10})(?<check>\d)$/, check: luhn },
  // Without a check digit: their look alone says whose they are.
  { id: 'yodel', carrier: 'Yodel', pattern: /^JJ?D\d{16}$/ },
  { id: 'dhl_express_piece_id', carrier: 'DHL', pattern: /^J[A-Z]{2,3}\d{9,10}$/ },
  { id: 'dhl_ecommerce', carrier: 'DHL', pattern: /^(?:GM|LX|RX|UV|CN|SG|TH|IN|HK|MY)(?=[A-Z]*\d)[0-9A-Z]{10,39}$/ },
  { id: 'dhl_ecommerce_14', carrier: 'DHL', pattern: /^\d{14}$/ },
  { id: 'yunexpress', carrier: 'YunExpress', pattern: /^YT\d{16}$/ },
  { id: 'gofo_us', carrier: 'GOFO', pattern: /^GFUS\d{14}$/ },
  { id: 'amazon_logistics', carrier: 'Amazon', pattern: /^TB[ACM]\d{12}$/ },
  { id: 'amazon_international', carrier: 'Amazon', pattern: /^[AFC]\d{10}$/ },
  { id: 'canpar_22', carrier: 'Canpar', pattern: /^[CDKLSUXZ]\d{21}$/ },
  { id: 'landmark_global', carrier: 'Landmark', pattern: /^LTN\d{8}N1$/ },
  { id: 'lasership_lx', carrier: 'LaserShip', pattern: /^L[AIEHNX][1-3]\d{7}$/ },
  { id: 'lasership_1ls7', carrier: 'LaserShip', pattern: /^1LS7[12]\d{10}$/ },
  { id: 'lasership-1ls7-18', carrier: 'LaserShip', pattern: /^1LS7[12]\d{2}01[1-4]\d{6}1$/ },
  { id: 'lasership_1lscx', carrier: 'LaserShip', pattern: /^1LSCX[0-9A-Z]{10}$/ },
  { id: 'purolator_alpha', carrier: 'Purolator', pattern: /^[A-Z]{3}\d{9}$/ },
  { id: 'speedee', carrier: 'Spee-Dee', pattern: /^SP\d{18}$/ },
];

/**
 * What labels put around a number, as it is read (hyphens still there): a box's place among the parcel's boxes, a routing word. The
 * group is the number.
 */
export const WRAPPINGS: readonly RegExp[] = [
  /^(?<number>JD[A-Z0-9]{10,16})-\d{1,4}-\d{1,4}-?(?:[A-Z0-9]+-?)?$/i,
  /^(?<number>[A-Z0-9]{8,24})-0*\d{1,3}\/0*\d{1,3}$/i,
  /^(?:NO|WB|AWB|WAYBILL|TRACKING|运单号?|单号|快递单号)[\s.:：#№-]*(?<number>[A-Z0-9][A-Z0-9 -]{6,38}[A-Z0-9])$/i,
];
