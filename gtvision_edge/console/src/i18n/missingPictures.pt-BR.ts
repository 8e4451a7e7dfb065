/** Why a reading has no picture, by the daemon's `picture_state`. */
export const missingPictures = {
  scene: "sem imagem da cena",
  plate: "sem recorte",
  /** Where there is no room for more. */
  coming: "a caminho",
  because: (what: string, why: string) => `${what}: ${why}`,
  waiting: "a imagem ainda não chegou",
  failed: "o navegador não conseguiu carregar a imagem",
  anonymised: "a imagem saiu com a placa, no fim do prazo de guarda",
  reasons: {
    picture_address_refused: "o endereço dela não está liberado em picture_sources",
    picture_redirected: "o endereço dela aponta para outro",
    picture_denied: "o servidor dela recusou",
    picture_too_large: "é grande demais",
    picture_no_jpeg: "o que chegou não é um JPEG inteiro",
    picture_unreachable: "o servidor dela não respondeu",
    picture_key_lost: "a chave que abria o endereço dela se perdeu",
    picture_not_kept: "o disco desta unidade não a guardou; nova tentativa virá",
    picture_dropped: "foi apagada por ser antiga ou para liberar espaço",
    picture_lost: "o arquivo dela sumiu do disco",
  } as Record<string, string>,
};
