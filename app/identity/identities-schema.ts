import { providers } from '../request/request.ts'
import { loginPattern } from '../request/schema.ts'

const text = (description: string, example: string) => ({
  description,
  type: 'string',
  minLength: 1,
  maxLength: 512,
  examples: [example],
})
const principal = text('The principal, exactly as the cloud writes it.', 'alice@example.com')

/** The shape of `policies/data/identities.yaml`; `schemas/identities.v1.json` is this object. */
export const identitiesSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://gitsudo.dev/schemas/identities.v1.json',
  title: 'Identities',
  description: 'Every person gitsudo knows, by GitHub login.',
  type: 'object',
  required: ['apiVersion', 'kind', 'identities'],
  additionalProperties: false,
  properties: {
    apiVersion: { description: 'The version of this format.', const: 'gitsudo.dev/v1' },
    kind: { description: 'What this file is.', const: 'Identities' },
    identities: {
      description: 'GitHub login → person.',
      type: 'object',
      propertyNames: { pattern: loginPattern, errorMessage: 'write a GitHub login, without @' },
      additionalProperties: {
        description: 'One person.',
        type: 'object',
        required: ['id', 'trustTier'],
        additionalProperties: false,
        examples: [{ id: 1001, trustTier: 2 }],
        properties: {
          id: {
            description: 'The numeric id of the GitHub account, which stays when the login changes.',
            type: 'integer',
            minimum: 1,
            maximum: Number.MAX_SAFE_INTEGER,
            errorMessage: 'write the numeric id that `gh api users/LOGIN --jq .id` prints',
            examples: [1001],
          },
          trustTier: {
            description: 'How far policies trust the person, 0 (least) to 4.',
            type: 'integer',
            minimum: 0,
            maximum: 4,
            errorMessage: 'write a whole number from 0 to 4',
            examples: [2],
          },
          blocked: {
            description: 'A blocked person gets nothing, approves nothing, and loses what is granted.',
            type: 'boolean',
            default: false,
            examples: [false],
          },
          emails: {
            description:
              "Addresses of the person's commits; an address that nobody has keeps approvals from counting.",
            type: 'array',
            maxItems: 64,
            items: {
              type: 'string',
              pattern: '^[^\\s@]{1,64}@[^\\s@]{1,189}$',
              errorMessage: 'write one e-mail address',
              examples: ['alice@example.com'],
            },
            examples: [['alice@example.com']],
          },
          oidc: {
            description: 'Subjects of OpenID Connect issuers that are this person.',
            type: 'array',
            maxItems: 16,
            items: {
              type: 'object',
              required: ['issuer', 'sub'],
              additionalProperties: false,
              properties: {
                issuer: {
                  ...text('The issuer, an https address.', 'https://login.example.com'),
                  pattern: '^https://\\S+$',
                },
                sub: text("The issuer's subject.", '00u1alice'),
              },
              examples: [{ issuer: 'https://login.example.com', sub: '00u1alice' }],
            },
            examples: [[{ issuer: 'https://login.example.com', sub: '00u1alice' }]],
          },
          certificateSans: {
            description: 'Subject alternative names of client certificates that are this person.',
            type: 'array',
            maxItems: 16,
            items: text('One name, its kind included.', 'email:alice@example.com'),
            examples: [['email:alice@example.com']],
          },
          principals: {
            description: 'Provider → who the person is there. The first one gets the access.',
            type: 'object',
            additionalProperties: false,
            properties: Object.fromEntries(
              providers.map((provider) => [
                provider,
                {
                  type: 'array',
                  minItems: 1,
                  maxItems: 16,
                  items: principal,
                  examples: [['alice@example.com']],
                },
              ]),
            ),
            examples: [{ mock: ['alice'] }],
          },
        },
      },
      examples: [{ alice: { id: 1001, trustTier: 2 } }],
    },
  },
} as const
