import { create, createFileRegistry, type DescMessage } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

const { INT32, STRING, DOUBLE } = FieldDescriptorProto_Type;
const FIELDS = { id: INT32, status: STRING, customer: STRING, total: DOUBLE, note: STRING } as const;

/** The sets' document as a Protobuf message: what protoc-gen-es would make of its .proto file. */
export function orderMessage(): DescMessage {
  const file = create(FileDescriptorProtoSchema, {
    name: "order.proto",
    package: "bench",
    syntax: "proto3",
    messageType: [
      {
        name: "Order",
        field: Object.entries(FIELDS).map(([name, type], index) => ({
          name,
          jsonName: name,
          number: index + 1,
          type,
          label: FieldDescriptorProto_Label.OPTIONAL,
        })),
      },
    ],
  });
  const found = createFileRegistry(file, () => undefined).getMessage("bench.Order");
  if (found === undefined) throw new Error("the message is not in its own file");
  return found;
}
