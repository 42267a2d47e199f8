import { optionalInteger, optionalText, structure, text, textList } from "../protocol/input.js";
import { invalidArgument, validation } from "../errors.js";
import type { Account } from "../streams/account.js";
import type { Call, Operations } from "./operation.js";
import type { Input, WireObject } from "../protocol/values.js";

/** 50 tags: AddTagsToStream page of the API reference. */
const maxTags = 50;

/** Tags live on a stream, or under a consumer's own ARN. */
function tagsOf(account: Account, input: Input): Map<string, string> {
  const arn = optionalText(input, "ResourceARN");
  if (arn?.includes("/consumer/") === true) return account.consumerByArn(arn).consumer.tags;
  return account.stream(arn === undefined ? input : { StreamARN: arn }).tags;
}

function addTags({ account, input }: Call): WireObject {
  const tags = tagsOf(account, input);
  const added = Object.entries(structure(input, "Tags"));
  const names = new Set([...tags.keys(), ...added.map(([key]) => key)]);
  if (names.size > maxTags)
    throw invalidArgument(`Failed to add tags: a resource has at most ${maxTags} tags.`);
  for (const [key, value] of added) {
    if (typeof value !== "string") throw validation(`Tag ${key} has no text value.`);
    tags.set(key, value);
  }
  return {};
}

function removeTags({ account, input }: Call): WireObject {
  const tags = tagsOf(account, input);
  for (const key of textList(input, "TagKeys")) tags.delete(key);
  return {};
}

function listStreamTags({ account, input }: Call): WireObject {
  const after = optionalText(input, "ExclusiveStartTagKey") ?? "";
  const limit = optionalInteger(input, "Limit", 1, maxTags) ?? maxTags;
  const rest = [...tagsOf(account, input)]
    .filter(([key]) => key > after)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    Tags: rest.slice(0, limit).map(([key, value]) => ({ Key: key, Value: value })),
    HasMoreTags: rest.length > limit,
  };
}

function listResourceTags({ account, input }: Call): WireObject {
  text(input, "ResourceARN");
  return { Tags: [...tagsOf(account, input)].map(([key, value]) => ({ Key: key, Value: value })) };
}

export const tagOperations: Operations = {
  AddTagsToStream: { run: addTags, changes: true },
  RemoveTagsFromStream: { run: removeTags, changes: true },
  ListTagsForStream: { run: listStreamTags, changes: false },
  TagResource: { run: addTags, changes: true },
  UntagResource: { run: removeTags, changes: true },
  ListTagsForResource: { run: listResourceTags, changes: false },
};
