import { durationPattern, durationRemedy } from '../request/duration.ts'
import { providers } from '../request/request.ts'
import { rolePattern, scopePattern } from '../request/schema.ts'
import { groupNamePattern } from './groups-schema.ts'

/** The shape of `policies/data/roles.yaml`; `schemas/roles.v1.json` is this object. */
export const rolesSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://gitsudo.dev/schemas/roles.v1.json',
  title: 'Roles',
  description: 'The role catalogue: what can be asked for, and where.',
  type: 'object',
  required: ['apiVersion', 'kind', 'roles'],
  additionalProperties: false,
  properties: {
    apiVersion: { description: 'The version of this format.', const: 'gitsudo.dev/v1' },
    kind: { description: 'What this file is.', const: 'Roles' },
    roles: {
      description: 'One entry a role of a provider.',
      type: 'array',
      items: {
        description: 'One role.',
        type: 'object',
        required: ['provider', 'role', 'scopes', 'maxDuration', 'owners'],
        additionalProperties: false,
        examples: [
          { provider: 'mock', role: 'db-read', scopes: ['orders'], maxDuration: '4h', owners: ['sre'] },
        ],
        properties: {
          provider: { description: 'The cloud.', enum: providers, examples: ['mock'] },
          role: {
            description: 'The name that requests use.',
            type: 'string',
            pattern: rolePattern,
            errorMessage: 'name it with letters, digits and . _ : / -, at most 128',
            examples: ['db-read'],
          },
          scopes: {
            description: 'Every scope it can be asked for, each compared exactly; there are no patterns.',
            type: 'array',
            minItems: 1,
            maxItems: 10_000,
            uniqueItems: true,
            items: {
              type: 'string',
              pattern: scopePattern,
              errorMessage: 'write one scope in full, without * or spaces, in quotes where it is a number',
              examples: ['123456789012'],
            },
            examples: [['123456789012']],
          },
          cloudRole: {
            description: "The cloud's own name of the role; without it, the role's name.",
            type: 'string',
            minLength: 1,
            maxLength: 512,
            examples: ['arn:aws:iam::aws:policy/AdministratorAccess'],
          },
          maxDuration: {
            description: 'The longest duration that can be asked for.',
            type: 'string',
            pattern: durationPattern,
            errorMessage: durationRemedy,
            examples: ['4h'],
          },
          owners: {
            description: 'Groups of groups.yaml that answer for the role.',
            type: 'array',
            minItems: 1,
            maxItems: 16,
            uniqueItems: true,
            items: {
              type: 'string',
              pattern: groupNamePattern,
              errorMessage: 'write the name of a group in groups.yaml',
              examples: ['sre'],
            },
            examples: [['sre']],
          },
          offline: {
            description: 'Whether break-glass may grant it while GitHub is away.',
            type: 'boolean',
            default: false,
            examples: [false],
          },
          chain: {
            description:
              'Whether its sessions may assume further roles; access may then outlast a revocation by 1h.',
            type: 'boolean',
            default: false,
            examples: [false],
          },
        },
      },
      examples: [[]],
    },
  },
} as const
