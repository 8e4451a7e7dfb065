"""``LEIA-ME.txt``: what the bundle is and how to check it by hand, for people who have never seen one."""

from typing import Final

from gtvision_edge.keys import SitePublicKey
from gtvision_edge.recordings.evidence import layout
from gtvision_edge.recordings.evidence.manifest import package_id, seal_number
from gtvision_edge.recordings.evidence.model import Order

_TEXT: Final = """\
PACOTE DE EVIDÊNCIA {package}   LACRE {seal}
Local: {site}

O QUE HÁ AQUI
  originals/        gravações originais, exatamente como foram feitas (nada foi alterado)
  viewing/          cópia para assistir: as mesmas imagens e o mesmo som, sem recodificação, em um arquivo
                    por câmera; o arquivo .srt ao lado mostra data e hora como legenda
  snapshots/        imagens paradas, para consulta rápida (derivadas)
  {manifest}     descrição completa: intervalo, lacunas, relógio, câmeras, resumos (hashes)
  {history}      registro de auditoria destas gravações
  {readings}     leituras de placas do intervalo, tal como recebidas das câmeras; as imagens delas estão em
                    readings/, e {table} é a mesma relação para planilhas. Uma leitura pode conter erro:
                    confira-a com a imagem
  {sums}        resumo SHA-256 de cada arquivo; {signature}: assinatura da estação
  {form}         Termo de Custódia (PDF assinado)
  {lacre}      resumos do Termo e de {sums}; {lacre}.sig: assinatura da estação

COMO ASSISTIR
  Abra um arquivo de viewing/ em qualquer reprodutor (VLC, Windows, navegador).
  Não use a cópia para perícia: use os arquivos de originals/.
  A cópia começa no quadro-chave anterior ao início pedido e avança até cerca de um grupo de quadros além do fim,
  para que a assinatura da própria câmera, quando existe, continue verificável.

COMO CONFERIR, COM O PROGRAMA
  gtvision-edge verify PACOTE.zip --key "{fingerprint}"

COMO CONFERIR, SEM O PROGRAMA (Linux, macOS; Windows 10+ tem ssh-keygen)
  1. Obtenha a impressão digital da chave da estação por OUTRO meio que não este pacote
     (ofício, página do órgão, termo impresso) e compare com:
       ssh-keygen -l -f {key}
     Neste pacote: {fingerprint}
  2. Monte o arquivo de signatários confiáveis com a chave conferida:
       echo '{signer}' > signatarios.txt
  3. Confira as assinaturas e os resumos:
       ssh-keygen -Y verify -f signatarios.txt -I {name} -n {namespace} -s {signature} < {sums}
       ssh-keygen -Y verify -f signatarios.txt -I {name} -n {namespace} -s {lacre}.sig < {lacre}
       sha256sum -c --strict --quiet {sums} && sha256sum -c --strict --quiet {lacre} && echo OK
  4. Liste arquivos que não pertencem ao pacote (a lista deve sair vazia):
       comm -3 <(find . -type f ! -name '{sums}*' ! -name '{lacre}*' ! -name {form} ! -name signatarios.txt -printf '%P\\n' | LC_ALL=C sort) <(cut -c67- {sums} | LC_ALL=C sort)
  5. Confira a assinatura do Termo:
       pdfsig {form}
  6. Confira que a cópia tem as mesmas imagens (compare com "pictures_sha256" em {manifest}):
       ffmpeg -v error -i viewing/ARQUIVO.mp4 -map 0:v -c copy -f streamhash -hash sha256 -
"""


def instructions(order: Order, key: SitePublicKey) -> str:
    """Return the text of a bundle signed by *key*."""
    return _TEXT.format(
        package=package_id(order.export_id, order.created_us),
        seal=seal_number(order.export_id),
        site=order.site["name"],
        manifest=layout.MANIFEST,
        history=layout.HISTORY,
        readings=layout.READINGS,
        table=layout.READING_TABLE,
        sums=layout.SUMS,
        signature=layout.SUMS_SIGNATURE,
        form=layout.FORM,
        lacre=layout.SEAL,
        key=layout.PUBLIC_KEY,
        fingerprint=key.fingerprint,
        name=key.name,
        namespace=layout.NAMESPACE,
        signer=key.allowed_signer(layout.NAMESPACE),
    )
