/** What a render function answers with: all that the HTTP binding has to pass on. */
export interface PageResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
