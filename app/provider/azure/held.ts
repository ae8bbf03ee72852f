/** What is there, whoever's it is. `expiresAt`: epoch milliseconds. */
export type Held = {
  /** Our GUIDs that it may be under: where it is known, the one that it was asked for as, whatever its role is called now. */
  readonly guids: readonly string[]
  readonly mark: string
  readonly principal: string
  /** The role definition's whole id. */
  readonly role: string
  readonly scope: string
  readonly expiresAt?: number
}

/** The GUID in a role definition's id. */
export const roleIdOf = (definition: string | undefined): string =>
  definition?.split('/').at(-1)?.toLowerCase() ?? ''
