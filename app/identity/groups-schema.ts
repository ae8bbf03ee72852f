import { loginPattern } from '../request/schema.ts'

export const groupNamePattern = '^[a-z0-9][a-z0-9-]{0,63}$'

/** The shape of `policies/data/groups.yaml`; `schemas/groups.v1.json` is this object. */
export const groupsSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://gitsudo.dev/schemas/groups.v1.json',
  title: 'Groups',
  description: 'The groups that policies name: who may ask, and who may approve.',
  type: 'object',
  required: ['apiVersion', 'kind', 'groups'],
  additionalProperties: false,
  properties: {
    apiVersion: { description: 'The version of this format.', const: 'gitsudo.dev/v1' },
    kind: { description: 'What this file is.', const: 'Groups' },
    groups: {
      description: 'Name → group.',
      type: 'object',
      propertyNames: { pattern: groupNamePattern, errorMessage: 'name it with a-z, 0-9 and -, at most 64' },
      additionalProperties: {
        description: 'Either people by login, or a GitHub team.',
        type: 'object',
        additionalProperties: false,
        oneOf: [{ required: ['members'] }, { required: ['team'] }],
        errorMessage: 'write either members, a list of logins, or team, as organisation/team',
        examples: [{ members: ['alice', 'bob'] }],
        properties: {
          members: {
            description: 'GitHub logins, each in identities.yaml.',
            type: 'array',
            maxItems: 1000,
            items: {
              type: 'string',
              pattern: loginPattern,
              errorMessage: 'write a GitHub login, without @',
              examples: ['alice'],
            },
            examples: [['alice', 'bob']],
          },
          team: {
            description:
              'A GitHub team, organisation/team; its members, those of nested teams included, are asked for when needed.',
            type: 'string',
            pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[a-z0-9][a-z0-9_-]{0,99}$',
            errorMessage: 'write the team as organisation/team',
            examples: ['acme/platform'],
          },
        },
      },
      examples: [{ sre: { members: ['alice', 'bob'] } }],
    },
  },
} as const
