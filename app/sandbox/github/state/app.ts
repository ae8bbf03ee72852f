import type { KeyObject } from 'node:crypto'
import type { Delivery } from './delivery.ts'

export type Permissions = Record<string, 'read' | 'write' | 'admin'>

export type AppSettings = { readonly deviceFlow: boolean; readonly userTokensExpire: boolean }

export type App = {
  readonly id: number
  readonly slug: string
  readonly name: string
  readonly ownerId: number
  readonly botId: number
  readonly clientId: string
  readonly clientSecret: string
  readonly publicKey: KeyObject
  readonly createdAt: number
  permissions: Permissions
  events: string[]
  /** What its owner switches on or off in its settings. */
  settings: AppSettings
  readonly hook: {
    readonly id: number
    url: string
    secret: string
    contentType: string
    insecureSsl: string
  }
  readonly deliveries: Delivery[]
}

export type Installation = {
  readonly id: number
  readonly appId: number
  readonly accountId: number
  readonly repositories: Set<number>
  readonly createdAt: number
  permissions: Permissions
  suspendedAt: number | null
  suspendedById: number | null
}

/** What a token stands for; the secret itself is the key it is stored under. */
export type Token =
  | {
      readonly id: number
      readonly kind: 'user'
      readonly userId: number
      readonly appId: number | null
      readonly createdAt: number
      readonly expiresAt?: number
    }
  | {
      readonly id: number
      readonly kind: 'installation'
      readonly installationId: number
      readonly repositories: ReadonlySet<number> | 'all'
      readonly permissions: Permissions
      readonly createdAt: number
      readonly expiresAt: number
    }

/** A device that waits for a person to type in its code, by the code that only the device knows. */
export type Device = {
  readonly userCode: string
  readonly appId: number
  readonly expiresAt: number
  intervalSeconds: number
  askedAt: number
  /** The person's answer: who signed in, or nobody. */
  answer?: { readonly userId: number | null }
}

/** An App manifest waiting for its conversion, under the code that the form's redirect carried. */
export type Manifest = {
  readonly ownerId: number
  readonly name: string
  readonly webhookUrl: string
  readonly permissions: Permissions
  readonly events: string[]
  readonly expiresAt: number
}
