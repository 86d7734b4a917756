/** What a system of ours has, as its MEO tells it or as it was looked at. Undefined members are not known. */
export interface Inventory {
  readonly zones: readonly ZoneHad[];
  readonly platforms: readonly PlatformHad[];
}

export interface ZoneHad {
  readonly zone: string;
  readonly lat: number;
  readonly lon: number;
  readonly country?: string | undefined;
  readonly details?: string | undefined;
  readonly compute?: object | undefined;
  readonly latencyMs?: number | undefined;
}

export interface PlatformHad {
  readonly platform: string;
  readonly zone?: string | undefined;
  readonly offers: readonly OfferHad[];
}

export interface OfferHad {
  readonly kind: 'service' | 'application';
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly application?: string | undefined;
  readonly provider?: string | undefined;
  readonly category?: string | undefined;
  readonly state: 'ACTIVE' | 'INACTIVE' | 'SUSPENDED';
  readonly transport?: string | undefined;
  readonly serializer?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly consumedLocalOnly?: boolean | undefined;
  readonly latencyMs?: number | undefined;
  readonly bandwidthKbps?: number | undefined;
}
