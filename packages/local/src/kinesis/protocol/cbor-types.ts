// RFC 8949 section 3: major types in the three high bits.
export const unsignedType = 0;
export const negativeType = 1;
export const bytesType = 2;
export const textType = 3;
export const arrayType = 4;
export const mapType = 5;
export const tagType = 6;
export const simpleType = 7;
export const indefinite = 31;
export const breakByte = 0xff;
/** RFC 8949 section 3.4.2: epoch time. AWS-CBOR writes whole milliseconds where the RFC has seconds. */
export const epochTag = 1;
