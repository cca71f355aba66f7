// Bad stack files: every field and rule of clean-up in Artifact Registry once, with the exact message.
import { cleanup, registry } from "./garChanges.ts";
import { gcpCases } from "./gcpConfig.ts";

gcpCases("fields of clean-up", [
  [
    "a dry run as text",
    registry((it) => (it.cleanup = { dryRun: "no" })),
    ['pergola:registry.cleanup.dryRun: is "no"; allowed is true or false'],
  ],
  [
    "a policy with an unfit id",
    registry((it) => (it.cleanup = { policies: { Old: { action: "delete", condition: { olderThan: "30d" } } } })),
    [
      'pergola:registry.cleanup.policies.Old: the key "Old" is not the id of a policy: a lower-case letter, then lower-case letters, digits and hyphens, at most 63 characters, no hyphen at the end',
    ],
  ],
  [
    "a policy that does something else",
    registry((it) => (it.cleanup = { policies: { old: { action: "remove", condition: { olderThan: "30d" } } } })),
    ['pergola:registry.cleanup.policies.old.action: is "remove"; allowed: delete, keep'],
  ],
  [
    "a policy that deletes the most recent versions",
    registry((it) => (it.cleanup = { policies: { old: { action: "delete", mostRecentVersions: { keepCount: 1 } } } })),
    ['pergola:registry.cleanup.policies.old.action: is "delete"; allowed: keep'],
  ],
  [
    "a policy that keeps nothing",
    registry((it) => (it.cleanup = { policies: { new: { action: "keep", mostRecentVersions: { keepCount: 0 } } } })),
    ["pergola:registry.cleanup.policies.new.mostRecentVersions.keepCount: 0 is less than one version"],
  ],
  [
    "a policy without a condition",
    registry((it) => (it.cleanup = { policies: { old: { action: "delete" } } })),
    ["pergola:registry.cleanup.policies.old.condition: is missing (an object)"],
  ],
  [
    "a policy for a state that is none",
    registry((it) => (it.cleanup = { policies: { old: { action: "delete", condition: { tagState: "TAGGED" } } } })),
    [
      'pergola:registry.cleanup.policies.old.condition.tagState: is "TAGGED"; allowed: tagged, untagged, any; did you mean tagged?',
    ],
  ],
  [
    "a policy with a time in weeks",
    registry((it) => (it.cleanup = { policies: { old: { action: "delete", condition: { olderThan: "2w" } } } })),
    ['pergola:registry.cleanup.policies.old.condition.olderThan: "2w" is not a time like "30d" or "12h"'],
  ],
  [
    "a policy with no time at all",
    registry((it) => (it.cleanup = { policies: { old: { action: "delete", condition: { olderThan: "0d" } } } })),
    ['pergola:registry.cleanup.policies.old.condition.olderThan: "0d" is not a time like "30d" or "12h"'],
  ],
  [
    "a policy with a time that is a number",
    registry((it) => (it.cleanup = { policies: { old: { action: "delete", condition: { newerThan: 30 } } } })),
    ['pergola:registry.cleanup.policies.old.condition.newerThan: is 30; allowed is a time like "30d" or "12h"'],
  ],
  [
    "a policy with an empty prefix of tags",
    registry((it) => (it.cleanup = { policies: { old: { action: "delete", condition: { tagPrefixes: [""] } } } })),
    ['pergola:registry.cleanup.policies.old.condition.tagPrefixes[0]: "" is empty'],
  ],
  [
    "a policy with an empty prefix of names",
    registry(
      (it) => (it.cleanup = { policies: { old: { action: "delete", condition: { packageNamePrefixes: [""] } } } }),
    ),
    ['pergola:registry.cleanup.policies.old.condition.packageNamePrefixes[0]: "" is empty'],
  ],
]);

gcpCases("rules about clean-up", [
  [
    "more policies than a repository takes",
    cleanup(
      Object.fromEntries(
        Array.from({ length: 11 }, (_, at) => [
          `old-${at}`,
          { action: "delete", condition: { olderThan: `${at + 1}d` } },
        ]),
      ),
    ),
    [
      "pergola:registry.cleanup.policies: are 11, a repository takes at most 10; write fewer, with several prefixes each",
    ],
  ],
  [
    "policies that only keep",
    cleanup({
      newest: { action: "keep", mostRecentVersions: { keepCount: 3 } },
      tagged: { action: "keep", condition: { tagState: "tagged" } },
    }),
    [
      "pergola:registry.cleanup.policies: only keep, and a policy keeps what another one deletes; add one with action: delete, or remove them",
    ],
  ],
  [
    "no dry run of nothing",
    cleanup({}),
    ["pergola:registry.cleanup.dryRun: has no effect: there are no policies; add some, or remove it"],
  ],
  [
    "a policy that deletes everything",
    cleanup({ all: { action: "delete", condition: {} } }),
    [
      "pergola:registry.cleanup.policies.all.condition: is true of every version: all images would be deleted; say which, or olderThan",
    ],
  ],
  [
    "a policy about tags of what has none",
    cleanup({ none: { action: "delete", condition: { tagState: "untagged", tagPrefixes: ["v-"] } } }),
    [
      "pergola:registry.cleanup.policies.none.condition: is true of no version: those without a tag have none with a prefix; remove tagPrefixes or tagState",
    ],
  ],
  [
    "a policy about no age",
    cleanup({ none: { action: "delete", condition: { olderThan: "48h", newerThan: "2d" } } }),
    [
      "pergola:registry.cleanup.policies.none.condition: is true of no version: none is older than 48h and newer than 2d",
    ],
  ],
  [
    "prefixes twice",
    cleanup({
      old: { action: "delete", condition: { tagPrefixes: ["v-", "v-"], packageNamePrefixes: ["api", "web", "api"] } },
      newest: { action: "keep", mostRecentVersions: { keepCount: 1, packageNamePrefixes: ["api", "api"] } },
    }),
    [
      'pergola:registry.cleanup.policies.old.condition.tagPrefixes[1]: "v-" is listed twice',
      'pergola:registry.cleanup.policies.old.condition.packageNamePrefixes[2]: "api" is listed twice',
      'pergola:registry.cleanup.policies.newest.mostRecentVersions.packageNamePrefixes[1]: "api" is listed twice',
    ],
  ],
  [
    "a policy that deletes what is younger, and one that keeps all with a tag",
    cleanup({
      young: { action: "delete", condition: { newerThan: "1h" } },
      tagged: { action: "keep", condition: { tagState: "tagged" } },
    }),
    [],
  ],
]);
