import { dataPlace, keyPlace, type RecordTable, sequencePlace } from "../page/record-table.js";

/** Names of members four bytes at a time, as `DataView` reads them; of 14 and 27 bytes the last four overlap those before. */
const word = (name: string, at: number): number => Buffer.from(name, "latin1").readInt32BE(at);
const data0 = word("Data", 0);
const key0 = word("PartitionKey", 0);
const key4 = word("PartitionKey", 4);
const key8 = word("PartitionKey", 8);
const sequence0 = word("SequenceNumber", 0);
const sequence4 = word("SequenceNumber", 4);
const sequence8 = word("SequenceNumber", 8);
const sequence10 = word("SequenceNumber", 10);
const encryption0 = word("EncryptionType", 0);
const encryption4 = word("EncryptionType", 4);
const encryption8 = word("EncryptionType", 8);
const encryption10 = word("EncryptionType", 10);
const arrivalName = "ApproximateArrivalTimestamp";
const arrival0 = word(arrivalName, 0);
const arrival4 = word(arrivalName, 4);
const arrival8 = word(arrivalName, 8);
const arrival12 = word(arrivalName, 12);
const arrival16 = word(arrivalName, 16);
const arrival20 = word(arrivalName, 20);
const arrival23 = word(arrivalName, 23);
const none0 = word("NONE", 0);
/** "KMS" with its head. */
const kms = word("cKMS", 0);

/** Heads (RFC 8949 section 3.1) as they stand before what a record is made of. */
const textOf4 = 0x64;
const textOf12 = 0x6c;
const textOf14 = 0x6e;
const textOfByte = 0x78;
const textOfShort = 0x79;
const endlessMap = 0xbf;
const breakByte = 0xff;
const epochTag = 0xc1;
const unsignedOf8 = 0x1b;
const bytesType = 0x40;
const textType = 0x60;

/** Longest name with its head, and the head of its value: no check within them. */
const roomBytes = 3 + 27 + 1 + 9;
/** Milliseconds of a Date. */
const maxTimeMs = 8.64e15;

/** The whole of a record was seen: its data, its partition key, its sequence number. */
const complete = 7;

/**
 * Reads a record of GetRecords as the service writes it: its five members in any order, short heads, a time in whole milliseconds. One function over plain
 * numbers, because this is what reading a page costs; everything else is left to the reader that knows all of CBOR.
 *
 * @returns where the record ends, or -1 when it is of another form; its row is then as `RecordTable.begin` left it, or half written
 */
export function scanUsualRecord(
  bytes: Buffer,
  view: DataView,
  start: number,
  end: number,
  table: RecordTable,
  row: number,
): number {
  const { places } = table;
  const head = bytes[start] ?? 0;
  // At most 23 members, or as many as come before the break.
  let left = head === endlessMap ? -1 : head >> 5 === 5 && (head & 31) < 24 ? head & 31 : -2;
  if (left === -2) return -1;
  let seen = 0;
  let at = start + 1;
  while (left !== 0) {
    if (at + roomBytes > end) {
      if (left === -1 && bytes[at] === breakByte && at < end) return seen === complete ? at + 1 : -1;
      return -1;
    }
    left = left < 0 ? left : left - 1;
    let place = -1;
    switch (bytes[at]) {
      case textOf4:
        if (view.getInt32(at + 1) !== data0) return -1;
        at += 5;
        place = dataPlace;
        seen |= 1;
        break;
      case textOf12:
        if (
          view.getInt32(at + 1) !== key0 ||
          view.getInt32(at + 5) !== key4 ||
          view.getInt32(at + 9) !== key8
        )
          return -1;
        at += 13;
        place = keyPlace;
        seen |= 2;
        break;
      case textOf14:
        if (view.getInt32(at + 1) === sequence0) {
          if (
            view.getInt32(at + 5) !== sequence4 ||
            view.getInt32(at + 9) !== sequence8 ||
            view.getInt32(at + 11) !== sequence10
          )
            return -1;
          at += 15;
          place = sequencePlace;
          seen |= 4;
          break;
        }
        if (
          view.getInt32(at + 1) !== encryption0 ||
          view.getInt32(at + 5) !== encryption4 ||
          view.getInt32(at + 9) !== encryption8 ||
          view.getInt32(at + 11) !== encryption10
        )
          return -1;
        at += 15;
        if (bytes[at] === textOf4 && view.getInt32(at + 1) === none0) {
          table.setEncryptionType("NONE");
          at += 5;
        } else if (view.getInt32(at) === kms) {
          table.setEncryptionType("KMS");
          at += 4;
        } else return -1;
        continue;
      case textOfByte:
      case textOfShort: {
        // Some writers spend two bytes on a length that needs one.
        const name = at + (bytes[at] === textOfByte ? 2 : 3);
        if (
          (name === at + 2 ? bytes[at + 1] : view.getUint16(at + 1)) !== arrivalName.length ||
          view.getInt32(name) !== arrival0 ||
          view.getInt32(name + 4) !== arrival4 ||
          view.getInt32(name + 8) !== arrival8 ||
          view.getInt32(name + 12) !== arrival12 ||
          view.getInt32(name + 16) !== arrival16 ||
          view.getInt32(name + 20) !== arrival20 ||
          view.getInt32(name + 23) !== arrival23 ||
          bytes[name + 27] !== epochTag ||
          bytes[name + 28] !== unsignedOf8
        )
          return -1;
        const timeMs = view.getUint32(name + 29) * 0x1_0000_0000 + view.getUint32(name + 33);
        if (timeMs > maxTimeMs) return -1;
        table.times[table.length - 1] = timeMs;
        at = name + 37;
        continue;
      }
      case breakByte:
        if (left !== -1) return -1;
        return seen === complete ? at + 1 : -1;
      default:
        return -1;
    }
    // A string: of bytes for the data, of text for the others.
    const kind = (bytes[at] ?? 0) - (place === dataPlace ? bytesType : textType);
    let length: number;
    if (kind >= 0 && kind < 24) {
      length = kind;
      at += 1;
    } else if (kind === 24) {
      length = bytes[at + 1] ?? 0;
      at += 2;
    } else if (kind === 25) {
      length = view.getUint16(at + 1);
      at += 3;
    } else if (kind === 26) {
      length = view.getUint32(at + 1);
      at += 5;
    } else return -1;
    if (length > end - at) return -1;
    places[row + place] = at;
    at += length;
    places[row + place + 1] = at;
  }
  return seen === complete ? at : -1;
}
