import { durationPattern, durationRemedy } from './duration.ts'
import { providers } from './request.ts'

/** GitHub logins, those of managed users (`name_company`) included. */
export const loginPattern = '^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$'
export const rolePattern = '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$'
/** Scopes are compared exactly, so a star would promise what it does not do. */
export const scopePattern = '^[^\\s*]{1,512}$'

/**
 * What a request file may say, for editors and for `readRequest` alike. `errorMessage` says what to write
 * instead; editors that know the keyword show it too. `schemas/access-request.v1.json` is this object.
 */
export const accessRequestSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://gitsudo.dev/schemas/access-request.v1.json',
  title: 'AccessRequest',
  description: 'A request for access to a cloud, for a limited time. One file is one request.',
  type: 'object',
  required: ['apiVersion', 'kind', 'spec'],
  additionalProperties: false,
  properties: {
    apiVersion: { description: 'The version of this format.', const: 'gitsudo.dev/v1' },
    kind: { description: 'What this file is.', const: 'AccessRequest' },
    spec: {
      description: 'Who needs what, where, for how long, and why.',
      type: 'object',
      required: ['requester', 'provider', 'role', 'scope', 'duration', 'reason'],
      additionalProperties: false,
      properties: {
        requester: {
          description:
            "GitHub login of the person who gets the access; the pull request's author, unless a policy allows on-behalf-of.",
          type: 'string',
          pattern: loginPattern,
          errorMessage: 'write a GitHub login, without @',
          examples: ['alice'],
        },
        provider: { description: 'The cloud.', enum: providers, examples: ['aws'] },
        role: {
          description: 'The name of a role in policies/data/roles.yaml.',
          type: 'string',
          pattern: rolePattern,
          errorMessage: 'write the name of a role in policies/data/roles.yaml',
          examples: ['prod-infra-admin'],
        },
        scope: {
          description:
            'Where: AWS account, Azure subscription or resource path, GCP project, folder or organisation, cluster or cluster/namespace. Compared exactly with the scopes of the role.',
          type: 'string',
          pattern: scopePattern,
          errorMessage:
            'write one of the scopes of the role in policies/data/roles.yaml, in quotes where it is a number',
          examples: ['123456789012'],
        },
        duration: {
          description: 'For how long: 90s, 30m, 2h, 1h30m, or ISO 8601 such as PT2H; from 1s to 30d.',
          type: 'string',
          pattern: durationPattern,
          errorMessage: durationRemedy,
          examples: ['2h', '90s', '30m', '1h30m', 'PT2H'],
        },
        reason: {
          description: 'Why, in a sentence for the people who review it.',
          type: 'string',
          pattern: '\\S',
          maxLength: 1000,
          errorMessage: 'say in one line of at most 1000 characters why the access is needed',
          examples: ['INC-4421 ECS tasks crash-looping'],
        },
        ticket: {
          description: 'The ticket or incident this belongs to.',
          type: 'string',
          pattern: '^\\S{1,200}$',
          errorMessage: "write the ticket's id, without spaces, or remove the line",
          examples: ['INC-4421'],
        },
        startsAt: {
          description: 'A later start, with its time zone; at most 14 days ahead.',
          type: 'string',
          format: 'date-time',
          errorMessage: 'write a time such as 2026-12-01T08:00:00Z',
          examples: ['2026-12-01T08:00:00Z'],
        },
        breakGlass: {
          description: 'An emergency: access before approval, where a policy allows it.',
          type: 'boolean',
          default: false,
          examples: [false],
        },
        metadata: {
          description: 'Names and texts that are handed to the policies.',
          type: 'object',
          maxProperties: 32,
          propertyNames: {
            pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$',
            errorMessage: 'name it with letters, digits and . _ / -, at most 63',
          },
          additionalProperties: {
            type: 'string',
            maxLength: 1000,
            errorMessage: 'write at most 1000 characters',
          },
          default: {},
          errorMessage: 'write at most 32 names with a text each',
          examples: [{ service: 'checkout' }],
        },
      },
    },
  },
} as const
