/** One binding of the mock's cloud. `expiresAt`: epoch milliseconds. */
export type MockBinding = {
  readonly handle: string
  /** The id of the grant that made it. */
  readonly grant: string
  readonly principal: string
  readonly role: string
  readonly scope: string
  readonly expiresAt?: number
}

/** The mock's cloud: a table of bindings, one a handle, shared by every replica. */
export type Bindings = {
  find(handle: string): Promise<MockBinding | undefined>
  /** Leaves a binding of the same handle as it is. */
  put(binding: MockBinding): Promise<void>
  /** Takes the place of the binding of the same handle; does nothing where there is none. */
  replace(binding: MockBinding): Promise<void>
  /** Does nothing where there is none. */
  delete(handle: string): Promise<void>
  all(): Promise<readonly MockBinding[]>
}
